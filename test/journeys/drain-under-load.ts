import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawClient } from "../support/raw-client.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { ok } from "../support/upstream-scripts.ts";

export interface LoadShape {
  readonly ratePerSecond: number;
  /** How long the load runs; SIGTERM comes in the middle of it. */
  readonly seconds: number;
  /** Processes that serve; one by default. */
  readonly workers?: number;
}

export interface DrainFigures extends LoadShape {
  readonly served: number;
  readonly refused: number;
  readonly failed: number;
  /** From SIGTERM to the end of the process. */
  readonly drainMs: number;
}

const graceMs = 500;
const deadlineMs = 5000;
const slowAnswerMs = 300;

/** `served`, `refused`, `unseen`, or what went wrong. */
type Fate = string;

/** Clients that keep their connections, asking at a fixed rate whatever becomes of the answers. */
class OpenLoop {
  readonly fates = new Map<string, Fate>();
  /** When each of the `unseen` heard that its connection was gone. */
  readonly unseenAt: number[] = [];
  readonly #gateway: GatewayProcess;
  readonly #idle: RawClient[] = [];
  readonly #pending: Promise<void>[] = [];

  constructor(gateway: GatewayProcess) {
    this.#gateway = gateway;
  }

  async run({ ratePerSecond, seconds }: LoadShape): Promise<void> {
    const began = performance.now();
    const total = Math.round(ratePerSecond * seconds);
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.ceil(((performance.now() - began) / 1000) * ratePerSecond));
      for (; sent < due; sent += 1) this.#pending.push(this.#one(`load-${sent}`, sent % 10 === 0 ? "/slow" : "/"));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await Promise.all(this.#pending);
    for (const client of this.#idle) client[Symbol.dispose]();
  }

  async #one(id: string, target: string): Promise<void> {
    this.fates.set(id, await this.#fate(id, target));
  }

  /** Whoever has seen a connection close does not send on it. */
  async #connect(): Promise<RawClient> {
    const client = await connectClient(this.#gateway.port);
    void this.#forget(client);
    return client;
  }

  async #forget(client: RawClient): Promise<void> {
    await client.ended;
    const at = this.#idle.indexOf(client);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  async #fate(id: string, target: string): Promise<Fate> {
    let client: RawClient;
    try {
      client = this.#idle.pop() ?? (await this.#connect());
    } catch {
      return "refused";
    }
    const before = client.received.length;
    try {
      client.send(requestBytes({ target, fields: [["X-Request-Id", id]] }));
      const response = await client.response();
      if (response.status !== 200 || !response.isComplete) return `status ${response.status}`;
      if (valueOf(response.fields, "connection") === "close") client[Symbol.dispose]();
      else this.#idle.push(client);
      return "served";
    } catch {
      client[Symbol.dispose]();
      if (client.received.length > before) return "cut off";
      this.unseenAt.push(performance.now());
      return "unseen";
    }
  }
}

/** SIGTERM in the middle of steady load: whatever the gateway accepted is answered, and it ends in time with 0. */
export async function drainUnderLoad(shape: LoadShape): Promise<DrainFigures> {
  await using upstream = await startUpstream(async (connection) => {
    for (;;) {
      const { target } = await connection.readRequest();
      if (target === "/slow") await new Promise((resolve) => setTimeout(resolve, slowAnswerMs));
      connection.write(ok);
    }
  });
  const config = singleRoute({
    target: upstream.url,
    listen: { drain: { grace: `${graceMs}ms`, deadline: `${deadlineMs}ms` } },
    upstream: { concurrency: { limit: 1000 } },
  });
  await using gateway = await spawnGateway({ ...config, workers: shape.workers ?? 1 });
  const load = new OpenLoop(gateway);
  const running = load.run(shape);
  await upstream.request(Math.ceil((shape.ratePerSecond * shape.seconds) / 2));
  const began = performance.now();
  gateway.signal("SIGTERM");
  const code = await gateway.exited;
  const drainMs = Math.round(performance.now() - began);
  await running;

  // A connection that the kernel took and the gateway never accepted ends without a byte, and no log line knows it.
  const logged = new Set(gateway.log.lines.map((line) => line["requestId"]));
  const fates = [...load.fates].map(([id, fate]) => (fate === "unseen" && logged.has(id) ? "dropped" : fate));
  const count = (wanted: Fate): number => fates.filter((fate) => fate === wanted).length;
  const failures = fates.filter((fate) => !["served", "refused", "unseen"].includes(fate));
  assert.deepEqual(failures, []);
  const unseenAtMs = load.unseenAt.map((at) => Math.round(at - began));
  assert.ok(
    unseenAtMs.every((atMs) => atMs >= graceMs),
    `connections ended without a byte while the listener was open: ${unseenAtMs.join(", ")} ms after SIGTERM`,
  );
  // How many wait to be accepted at one moment depends on how late the machine is, not on the rate alone.
  assert.ok(count("unseen") <= shape.ratePerSecond / 10, `${count("unseen")} connections ended without a byte`);
  assert.ok(count("served") > fates.length / 2, "the grace period was served");
  assert.ok(count("refused") > 0, "the load outlasted the gateway");
  assert.equal(code, 0, gateway.errorText);
  assert.ok(drainMs >= graceMs && drainMs < deadlineMs, `drained in ${drainMs} ms`);
  return { ...shape, served: count("served"), refused: count("refused"), failed: failures.length, drainMs };
}
