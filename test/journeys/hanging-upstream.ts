import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { LogLine } from "../support/log-lines.ts";
import type { RawClient } from "../support/raw-client.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { ok } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

export interface HangShape {
  readonly ratePerSecond: number;
  /** How long the upstream answers, then how long it takes requests and answers none. */
  readonly soundMs: number;
  readonly hangMs: number;
  /** How long the load goes on once the breaker has closed. */
  readonly afterMs: number;
  /** The upstream's block of the config; the product's defaults for the rest. */
  readonly upstream?: Readonly<Record<string, unknown>>;
}

export interface HangFigures {
  readonly requests: number;
  /** From the first timeout to the breaker's opening. */
  readonly openAfterMs: number;
  /** Requests that reached the target in its worst second while the breaker was not closed. */
  readonly mostPerSecond: number;
  /** From the first trial due after the repair to closing. */
  readonly closedAfterMs: number;
  /** From closing to the last request that was not served. */
  readonly fullRateAfterMs: number;
  readonly trips: number;
}

interface Answer {
  readonly at: number;
  readonly status: number;
}

/** Clients that keep their connections, asking at a fixed rate whatever becomes of the answers. */
class OpenLoop {
  readonly answers: Answer[] = [];
  readonly #port: number;
  readonly #idle: RawClient[] = [];
  readonly #pending: Promise<void>[] = [];
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
  }

  async run(ratePerSecond: number): Promise<void> {
    const began = performance.now();
    for (let sent = 0; !this.#isOver;) {
      const due = Math.ceil(((performance.now() - began) / 1000) * ratePerSecond);
      for (; sent < due; sent += 1) this.#pending.push(this.#one());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await Promise.all(this.#pending);
    for (const client of this.#idle) client[Symbol.dispose]();
  }

  stop(): void {
    this.#isOver = true;
  }

  async #one(): Promise<void> {
    const at = Date.now();
    const client = this.#idle.pop() ?? (await connectClient(this.#port));
    client.send(requestBytes());
    const { status } = await client.response();
    this.answers.push({ at, status });
    this.#idle.push(client);
  }
}

/** An upstream that takes every request, and answers none while it hangs: not even later. */
async function startHangable() {
  const received: number[] = [];
  const state = { isHanging: false, received };
  const upstream = await startUpstream(async (connection) => {
    for (;;) {
      await connection.readRequest();
      received.push(Date.now());
      if (state.isHanging) return;
      connection.write(ok);
    }
  });
  return { upstream, state };
}

const timeOf = (line: LogLine | undefined): number => Date.parse(String(line?.["time"]));

function breakerEvents({ log }: GatewayProcess, to: string): readonly LogLine[] {
  return log.lines.filter((line) => line["event"] === "breaker" && line["to"] === to);
}

/** What has left the gateway before its breaker opened is still on its way for so long. */
const onItsWayMs = 50;

/** An upstream hangs under steady load, and is repaired: what its breaker makes of it, asserted and measured. */
export async function hangAndRecover(shape: HangShape): Promise<HangFigures> {
  const { upstream, state } = await startHangable();
  await using _closing = upstream;
  await using gateway = await spawnGateway(
    singleRoute({ target: upstream.url, ...(shape.upstream === undefined ? {} : { upstream: shape.upstream }) }),
  );
  const load = new OpenLoop(gateway.port);
  const running = load.run(shape.ratePerSecond);
  const began = Date.now();
  await until(() => Date.now() >= began + shape.soundMs);
  state.isHanging = true;
  await until(() => Date.now() >= began + shape.soundMs + shape.hangMs);
  state.isHanging = false;
  const repairedAt = Date.now();
  await until(() => breakerEvents(gateway, "closed").length > 0);
  const closedAt = timeOf(breakerEvents(gateway, "closed")[0]);
  await until(() => Date.now() >= closedAt + shape.afterMs);
  load.stop();
  await running;

  const timeout = await gateway.log.accessWithCode("upstream_headers_timeout");
  const openedAt = timeOf(breakerEvents(gateway, "open")[0]);
  const dueAt = Math.max(repairedAt, timeOf(breakerEvents(gateway, "half-open").at(-1)));
  const reached = state.received.filter((at) => at > openedAt + onItsWayMs && at < closedAt);
  const unserved = load.answers.filter(({ at, status }) => at >= closedAt && status !== 200);
  const strange = load.answers.filter(({ status }) => ![200, 503, 504].includes(status));
  assert.deepEqual(strange, [], "served, protected or timed out");
  const trips = gateway.log.lines.filter((line) => line["from"] === "closed" && line["to"] === "open");
  return {
    requests: load.answers.length,
    openAfterMs: openedAt - timeOf(timeout),
    mostPerSecond: Math.max(0, ...reached.map((from) => reached.filter((at) => at >= from && at < from + 1000).length)),
    closedAfterMs: closedAt - dueAt,
    fullRateAfterMs: Math.max(0, ...unserved.map(({ at }) => at - closedAt)),
    trips: trips.length,
  };
}

/** The bounds of the acceptance run. */
export function assertRecovered({
  openAfterMs,
  mostPerSecond,
  closedAfterMs,
  fullRateAfterMs,
  trips,
}: HangFigures): void {
  assert.ok(openAfterMs <= 2000, `opened ${openAfterMs} ms after the first timeout`);
  assert.ok(mostPerSecond <= 2, `${mostPerSecond} requests in a second reached the target`);
  assert.ok(closedAfterMs <= 2000, `closed ${closedAfterMs} ms after the trial was due`);
  assert.ok(fullRateAfterMs <= 5000, `full rate ${fullRateAfterMs} ms after closing`);
  assert.equal(trips, 1, "no second trip");
}
