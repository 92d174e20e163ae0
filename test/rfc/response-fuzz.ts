import assert from "node:assert/strict";

import type { ReceivedResponse } from "../support/http-message.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { UpstreamConnection } from "../support/raw-upstream.ts";
import type { Mutant, Random } from "./response-mutants.ts";
import type { StrictReading } from "./strict-response.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf } from "../support/http-message.ts";
import { lastProxyStatus } from "../support/problem-assert.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { seeded } from "../support/seeded.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { ok } from "../support/upstream-scripts.ts";
import { mutate } from "./response-mutants.ts";
import { readStrictly } from "./strict-response.ts";

/** Longer than a busy machine stops for: the upstream runs in the same process as the gateway. */
const timerMs = 600;
/** What one exchange may take: its timers, and a machine that is busy otherwise. */
const hangMs = 10_000;
const workers = 32;

export interface FuzzResult {
  readonly seed: number;
  readonly mutants: number;
  /** Mutants that a strict reader takes for whole responses, and how many of them the client got whole. */
  readonly sound: number;
  readonly relayed: number;
  readonly broken: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

interface Tally {
  sound: number;
  relayed: number;
  broken: number;
  slowestMs: number;
  readonly refused: Record<string, number>;
}

/** Says the mutant's bytes in random pieces. Surplus stays with the end of its response, where it can be told apart. */
async function say(connection: UpstreamConnection, { bytes, method, ending }: Mutant, random: Random): Promise<void> {
  const { outcome, end } = readStrictly(bytes, method);
  const last = outcome === "whole" ? end : bytes.length;
  let at = 0;
  while (random() < 0.4 && at < last - 1) {
    const next = at + 1 + Math.floor(random() * (last - at - 1));
    connection.write(bytes.subarray(at, next));
    await new Promise((resolve) => setImmediate(resolve));
    at = next;
  }
  if (!(await connection.writeAll(bytes.subarray(at)))) return;
  if (ending === "fin") connection.fin();
  if (ending === "reset") connection.reset();
}

/** What the upstream may be taken to have said, given how it ended. */
function reading({ bytes, method, ending }: Mutant): StrictReading {
  const strict = readStrictly(bytes, method);
  return strict.endsWithConnection && ending === "fin" ? { ...strict, outcome: "whole" } : strict;
}

/** The client must have seen the mutant's own, the gateway's 502 or 504, or a connection that broke. */
function judge(mutant: Mutant, seen: ReceivedResponse, tally: Tally): void {
  const strict = reading(mutant);
  const own = lastProxyStatus(seen, gatewayName);
  if (own.has("error")) {
    const error = JSON.stringify(own.get("error"));
    assert.ok(seen.status === 502 || seen.status === 504, `the gateway says ${seen.status} ${error}`);
    assert.ok(seen.isComplete && valueOf(seen.fields, "content-type") === "application/problem+json");
    const isBodiless = mutant.method === "HEAD";
    const { code } = isBodiless ? { code: "HEAD" } : (JSON.parse(seen.body.toString()) as { readonly code: string });
    tally.refused[code] = (tally.refused[code] ?? 0) + 1;
    return;
  }
  assert.equal(seen.status, strict.status, "the status is the upstream's own");
  assert.equal(own.get("received-status"), strict.status);
  if (seen.isComplete) {
    assert.equal(strict.outcome, "whole", "no broken body passes for a whole one");
    assert.deepEqual(seen.body.toString("latin1"), strict.body.toString("latin1"));
    tally.relayed += 1;
  } else {
    assert.ok(strict.body.subarray(0, seen.body.length).equals(seen.body), "a broken body is the beginning of its own");
    tally.broken += 1;
  }
}

class Worker {
  readonly #stage: Stage;
  readonly #tally: Tally;
  #client: RawClient | undefined;

  constructor(stage: Stage, tally: Tally) {
    this.#stage = stage;
    this.#tally = tally;
  }

  /** Asks for a mutant and, on the same connection where it stays open, for something sound. */
  async play(mutant: Mutant, n: number): Promise<void> {
    const startedAt = performance.now();
    const seen = await this.#ask(`/${n}`, mutant.method);
    this.#tally.slowestMs = Math.max(this.#tally.slowestMs, Math.round(performance.now() - startedAt));
    if (reading(mutant).outcome === "whole") this.#tally.sound += 1;
    judge(mutant, seen, this.#tally);
    if (n % 4 !== 0) return;
    const next = await this.#ask("/ok", "GET");
    assert.deepEqual([next.status, next.body.toString()], [200, "fine"], "the next request is clean");
  }

  close(): void {
    this.#client?.reset();
    this.#client = undefined;
  }

  async #ask(target: string, method: string): Promise<ReceivedResponse> {
    const client = (this.#client ??= await connectClient(this.#stage.gateway.port));
    client.send(requestBytes({ target, method }));
    const timer = setTimeout(() => client.reset(), hangMs);
    try {
      const seen = await client.response(method);
      const isLast = !seen.isComplete || seen.framing === "close" || valueOf(seen.fields, "connection") === "close";
      if (isLast) this.close();
      return seen;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Plays mutated responses against a gateway, many at once and over the same connections. Throws at the first wrong one. */
export async function fuzzResponses({
  mutants,
  seed,
}: {
  readonly mutants: number;
  readonly seed: number;
}): Promise<FuzzResult> {
  const random = seeded(seed);
  const all = Array.from({ length: mutants }, () => mutate(random));
  await using stage = new Stage();
  const upstream = await stage.front(
    async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        const mutant = all[Number(target.slice(1))];
        if (mutant === undefined) connection.write(ok);
        else await say(connection, mutant, random);
      }
    },
    {
      upstream: {
        timeouts: { headers: `${timerMs}ms`, idle: `${timerMs}ms` },
        breaker: { minimumRequests: 1_000_000 },
      },
    },
  );
  const tally: Tally = { sound: 0, relayed: 0, broken: 0, slowestMs: 0, refused: {} };
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(stage, tally);
    for (let n = next++; n < mutants; n = next++) {
      const mutant = all[n] as Mutant;
      try {
        await worker.play(mutant, n);
      } catch (error) {
        const shown = JSON.stringify([mutant.method, mutant.ending, mutant.bytes.toString("latin1")]);
        throw new Error(`seed ${seed}, mutant ${n}: ${shown}: ${String(error)}`, { cause: error });
      }
    }
    worker.close();
  };
  await Promise.all(Array.from({ length: workers }, work));
  await stage.gateway.settled();
  const { idle, inFlight } = await stage.gateway.load();
  assert.equal(inFlight, 0);
  await until(() => upstream.openConnections <= idle);
  assert.equal((await stage.ask({ target: "/ok" })).status, 200, "healthy after");
  assert.deepEqual(
    stage.gateway.log.lines.filter((line) => line["code"] === "internal"),
    [],
    "no bug of ours",
  );
  return { seed, mutants, ...tally };
}
