import type { ChildProcess } from "node:child_process";

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { RawClient } from "./raw-client.ts";

import { valueOf } from "./http-message.ts";
import { connectClient, requestBytes } from "./raw-client.ts";
import { inTime, within } from "./within.ts";

/** The gateway that is asked, and its process. */
export interface Probed {
  readonly port: number;
  readonly pid: number;
}

/** A kind of good request, sent again and again, whatever becomes of the answers. */
export interface ProbeShape {
  readonly kind: string;
  readonly everyMs: number;
  readonly target: string;
  readonly method?: string;
  /** Length of the JSON body that is sent with it. */
  readonly bodyBytes?: number;
  /** Whether each comes on a new connection. Otherwise they come on kept ones, of which there are enough for 5 s. */
  readonly isFresh?: boolean;
}

/** One good request and what became of it. */
export interface Probe {
  readonly kind: string;
  /** When it was due, in milliseconds since the epoch. */
  readonly at: number;
  /** From then to the end of its response. */
  readonly ms: number;
  /** How much of that the gateway was ready to run and had no processor, by the kernel's account. */
  readonly starvedMs: number;
  /** 0 where the connection broke, or no whole response came within `answerLimitMs`. */
  readonly status: number;
}

const answerLimitMs = 15_000;
const keptForMs = 5000;

/**
 * Good clients in a process of their own, so that what the test's own process does meanwhile is not in the figures.
 * Times count from when a request was due. What a busy machine adds to them is known from the gateway's process.
 */
export class Probes implements AsyncDisposable {
  readonly asked: Probe[] = [];
  readonly #child: ChildProcess;

  constructor({ port, pid }: Probed, shapes: readonly ProbeShape[]) {
    this.#child = fork(fileURLToPath(import.meta.url), [JSON.stringify({ port, pid }), JSON.stringify(shapes)]);
    this.#child.on("message", (probe: Probe) => this.asked.push(probe));
  }

  /** Awaits `count` further answers of each kind that is asked. */
  async further(count: number, limitMs: number): Promise<void> {
    const wanted = new Map(Object.entries(this.#counts()).map(([kind, asked]) => [kind, asked + count]));
    await within(
      limitMs,
      () => this.#counts(),
      (counts) => {
        const kinds = Object.entries(counts);
        return kinds.length > 0 && kinds.every(([kind, asked]) => asked >= (wanted.get(kind) ?? count));
      },
    );
  }

  /** Sends no more, awaits what is under way, and resolves with all of them by the time they were due. */
  async stop(): Promise<readonly Probe[]> {
    const ended = once(this.#child, "exit");
    this.#child.send("stop");
    await inTime(2 * answerLimitMs, "end of the probes", ended);
    return this.asked.toSorted((one, other) => one.at - other.at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  #counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.asked) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }
}

/** A JSON object of exactly this many bytes. */
function jsonOf(bytes: number): string {
  const frame = '{"text":""}';
  return `{"text":"${"x".repeat(bytes - frame.length)}"}`;
}

/** The clients of one kind, within the process of their own. */
class Asker {
  readonly #gateway: Probed;
  readonly #shape: ProbeShape;
  readonly #bytes: Buffer;
  readonly #idle: RawClient[] = [];
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;

  constructor(gateway: Probed, shape: ProbeShape) {
    this.#gateway = gateway;
    this.#shape = shape;
    const { method = "GET", target, bodyBytes } = shape;
    const json = { fields: [["Content-Type", "application/json"]] as const, body: jsonOf(bodyBytes ?? 100) };
    this.#bytes = requestBytes({ method, target, ...(bodyBytes === undefined ? {} : json) });
  }

  async start(): Promise<void> {
    const { isFresh = false, everyMs } = this.#shape;
    const kept = isFresh ? 0 : Math.ceil(keptForMs / everyMs);
    for (let n = 0; n < kept; n += 1) this.#idle.push(await connectClient(this.#gateway.port));
    this.#dueAt = Date.now();
    this.#timer = setInterval(() => this.#askDue(), 1);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  #askDue(): void {
    for (const now = Date.now(); this.#dueAt <= now; this.#dueAt += this.#shape.everyMs) {
      const asking = this.#ask(this.#dueAt);
      this.#pending.add(asking);
      void asking.then(() => this.#pending.delete(asking));
    }
  }

  async #ask(at: number): Promise<void> {
    const { kind } = this.#shape;
    const starvedBefore = starvedMsOf(this.#gateway.pid);
    const status = await inTime(answerLimitMs, "answer", this.#statusOfOne()).catch(() => 0);
    const ms = Date.now() - at;
    const starvedMs = Math.min(ms, starvedMsOf(this.#gateway.pid) - starvedBefore);
    process.send?.({ kind, at, ms, starvedMs, status } satisfies Probe);
  }

  async #statusOfOne(): Promise<number> {
    // The one that has waited longest: none is idle for as long as the gateway keeps idle connections.
    const client = this.#idle.shift() ?? (await connectClient(this.#gateway.port));
    client.send(this.#bytes);
    const { status, fields, isComplete } = await client.response();
    if (this.#shape.isFresh || valueOf(fields, "connection") === "close") client[Symbol.dispose]();
    else this.#idle.push(client);
    return isComplete ? status : 0;
  }
}

/** Time a process's main thread has waited for a processor, in milliseconds; 0 where the kernel does not say. */
function starvedMsOf(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ");
    return Math.round(Number(waitedNs) / 1e6);
  } catch {
    return 0;
  }
}

function run(gateway: Probed, shapes: readonly ProbeShape[]): void {
  const askers = shapes.map((shape) => new Asker(gateway, shape));
  for (const asker of askers) void asker.start();
  process.on("disconnect", () => process.exit());
  process.once("message", () => {
    void Promise.all(askers.map((asker) => asker.stop())).then(() => process.disconnect?.());
  });
}

if (import.meta.main) {
  const [gateway, shapes] = process.argv.slice(2).map((text): unknown => JSON.parse(text));
  run(gateway as Probed, shapes as readonly ProbeShape[]);
}
