import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { ok } from "../support/upstream-scripts.ts";

export interface KillShape {
  readonly ratePerSecond: number;
  /** Of load on either side of the kill. */
  readonly seconds: number;
  /** Longest time until as many workers serve as before: the start of a process, which a busy machine makes long. */
  readonly withinMs: number;
}

export interface KillFigures extends KillShape {
  readonly requests: number;
  readonly failed: number;
  /** Under way when the worker was killed, at either of the two. */
  readonly inFlight: number;
  /** From the kill until as many workers serve as before. */
  readonly replacedMs: number;
  readonly counted: { readonly before: number; readonly after: number };
}

export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly state: string;
  readonly upstreams: ReadonlyArray<{ readonly limit: number }>;
}

interface SupervisorStatus {
  readonly workers: readonly WorkerStatus[];
  readonly workersReplaced: number;
  readonly lastReload: null | { readonly outcome: string };
}

export async function supervisorStatus(adminPort: number): Promise<SupervisorStatus> {
  return (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as SupervisorStatus;
}

/** Requests answered 200, as /metrics sums them. */
export async function servedCount(adminPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = text.match(/^statuswise_requests_total\{[^}]*status="200"[^}]*\} \d+$/gm) ?? [];
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const answerMs = 20;
const patienceMs = 4000;

/** Until the primary knows that a worker is gone, connections are handed to it still. */
const noticeMs = 50;

interface Fate {
  readonly sentAt: number;
  readonly doneAt: number;
  readonly isServed: boolean;
}

/** A connection for each request: whatever fails was on its way when something happened. */
class FreshLoad {
  readonly fates: Fate[] = [];
  readonly #pending: Promise<void>[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async run({ ratePerSecond, seconds }: KillShape): Promise<void> {
    const began = performance.now();
    const total = Math.round(ratePerSecond * seconds);
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.ceil(((performance.now() - began) / 1000) * ratePerSecond));
      for (; sent < due; sent += 1) this.#pending.push(this.#one());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #one(): Promise<void> {
    const sentAt = performance.now();
    const isServed = await Promise.race([
      this.#ask(),
      new Promise<false>((done) => setTimeout(done, patienceMs, false).unref()),
    ]);
    this.fates.push({ sentAt, doneAt: performance.now(), isServed });
  }

  async #ask(): Promise<boolean> {
    try {
      using client = await connectClient(this.#port);
      client.send(requestBytes({ fields: [["Connection", "close"]] }));
      return (await client.response()).status === 200;
    } catch {
      return false;
    }
  }
}

/** kill -9 of one of two workers under load: what fails was in its hands, and it is replaced. */
export async function killUnderLoad(shape: KillShape): Promise<KillFigures> {
  await using upstream = await startUpstream(async (connection) => {
    for (;;) {
      await connection.readRequest();
      await new Promise((resolve) => setTimeout(resolve, answerMs));
      connection.write(ok);
    }
  });
  await using gateway = await spawnGateway({ ...singleRoute({ target: upstream.url }), workers: 2 });
  const load = new FreshLoad(gateway.port);
  await load.run(shape);
  await load.end();
  const before = await servedCount(gateway.adminPort);
  const victim = (await supervisorStatus(gateway.adminPort)).workers[0]?.pid ?? 0;
  const running = load.run(shape);
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill(victim, "SIGKILL");
  const killedAt = performance.now();
  await until(() => isWhole(gateway, victim));
  const replacedMs = Math.round(performance.now() - killedAt);
  await running;
  await load.end();
  const after = await servedCount(gateway.adminPort);

  gateway.signal("SIGTERM");
  assert.equal(await gateway.exited, 0, gateway.errorText);

  const { fates } = load;
  const failures = fates.filter(({ isServed }) => !isServed);
  const inFlight = fates.filter(({ sentAt, doneAt }) => sentAt <= killedAt && doneAt >= killedAt);
  const figures = {
    ...shape,
    requests: fates.length,
    failed: failures.length,
    inFlight: inFlight.length,
    replacedMs,
    counted: { before, after },
  };
  const said = JSON.stringify({ ...figures, late: failures.map(({ sentAt }) => Math.round(sentAt - killedAt)) });
  assert.ok(before > 0 && after > before, said);
  const isInHand = (fate: Fate): boolean => inFlight.includes(fate) || Math.abs(fate.sentAt - killedAt) < noticeMs;
  assert.ok(failures.every(isInHand), said);
  assert.ok(replacedMs < shape.withinMs, said);
  return figures;
}

async function isWhole({ adminPort }: GatewayProcess, gone: number): Promise<boolean> {
  const { workers } = await supervisorStatus(adminPort);
  return workers.length === 2 && workers.every(({ state, pid }) => state === "serving" && pid !== gone);
}
