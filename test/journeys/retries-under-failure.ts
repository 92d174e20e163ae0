import assert from "node:assert/strict";

import type { OpenLoopShape } from "../support/open-loop.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { askSteadily, countOf, percentileMs, spanOf } from "../support/open-loop.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { freshSeed, seeded } from "../support/seeded.ts";
import { ok, responseBytes } from "../support/upstream-scripts.ts";

export interface FailingShape {
  /** Of each hundred requests that the upstream gets, in an order drawn anew each time, so many are answered 503. */
  readonly percent: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  /** Whether the breaker counts them; where it does not, the retry budget stands alone. */
  readonly breaks?: boolean;
}

export interface RetryFigures extends FailingShape {
  readonly seed: number;
  readonly gets: number;
  /** Share of the GETs that were answered 200. */
  readonly success: number;
  /** GETs at the upstream for each that was asked. */
  readonly amplification: number;
  readonly posts: number;
  readonly postsAtUpstream: number;
  /** How often the POST was sent that was sent most often. */
  readonly mostOfOnePost: number;
  readonly p99Ms: number;
}

const postsPerSecond = 10;
const unavailable = responseBytes("503 Service Unavailable", "busy");

/** GETs with the standard retries, and POSTs, at a steady rate before an upstream that answers 503 to a share of them. */
export async function retriesUnderFailure(shape: FailingShape): Promise<RetryFigures> {
  const seed = freshSeed();
  const failsNext = failing(shape.percent, seeded(seed));
  let getsAtUpstream = 0;
  const posts = new Map<string, number>();
  await using upstream = await startUpstream(async (connection) => {
    for (;;) {
      const { method, fields } = await connection.readRequest();
      const id = valueOf(fields, "x-request-id") ?? "";
      if (method === "POST") posts.set(id, (posts.get(id) ?? 0) + 1);
      else getsAtUpstream += 1;
      connection.write(failsNext() ? unavailable : ok);
    }
  });
  const breaker = shape.breaks === false ? { statuses: [] } : {};
  await using gateway = await spawnGateway(
    singleRoute({ target: upstream.url, upstream: { breaker, concurrency: { limit: 1000 } }, route: { retry: {} } }),
  );
  const common: Omit<OpenLoopShape, "ratePerSecond"> = { ports: [gateway.port] };
  const [gets, posted] = await Promise.all([
    askSteadily({ ...common, ratePerSecond: shape.ratePerSecond }, shape.seconds),
    askSteadily({ ...common, ratePerSecond: postsPerSecond, method: "POST" }, shape.seconds),
  ]);
  assert.equal(countOf([...gets, ...posted], 0), 0, "no connection broke");
  assert.ok(gets.length / spanOf(gets) >= 0.98 * shape.ratePerSecond, "the load was what it was to be");
  return {
    ...shape,
    seed,
    gets: gets.length,
    success: round(countOf(gets, 200) / gets.length),
    amplification: round(getsAtUpstream / gets.length),
    posts: posted.length,
    postsAtUpstream: [...posts.values()].reduce((sum, count) => sum + count, 0),
    mostOfOnePost: Math.max(0, ...posts.values()),
    p99Ms: percentileMs(gets, 0.99),
  };
}

/** Holds the figures to what is promised of retries. */
export function assertRetries(figures: RetryFigures): void {
  const text = JSON.stringify(figures);
  const { percent, success, amplification, posts, postsAtUpstream, mostOfOnePost } = figures;
  const least = percent <= 10 ? 0.98 : percent <= 30 ? 0.82 : 0;
  assert.ok(success >= least, text);
  assert.ok(amplification <= (percent === 100 ? 1.1 : 1.2), text);
  assert.ok(mostOfOnePost === 1 && postsAtUpstream <= posts, text);
}

/** A deck of a hundred, shuffled whenever it is used up. */
function failing(percent: number, random: () => number): () => boolean {
  let deck: boolean[] = [];
  return () => {
    if (deck.length === 0) {
      const sorted = Array.from({ length: 100 }, (_, n) => ({ fails: n < percent, at: random() }));
      deck = sorted.toSorted((one, other) => one.at - other.at).map(({ fails }) => fails);
    }
    return deck.pop() === true;
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
