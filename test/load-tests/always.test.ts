import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ClassResult, LoadResult } from "../../load-tests/generator/load-result.ts";
import type { GatewayEnd, ScenarioRun } from "../../load-tests/scenario.ts";

import { always } from "../../load-tests/stage/always.ts";

const latency = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 };
const quiet: ClassResult = {
  offered: 0,
  good: 0,
  late: 0,
  left: 0,
  broken: 0,
  shed: 0,
  refused: 0,
  statuses: {},
  codes: {},
  sent: 0,
  withoutRetryAfter: 0,
  goodMs: latency,
  shedMs: latency,
  queuedShedMs: latency,
};
const calm: GatewayEnd = {
  inFlight: 0,
  rssBytes: 0,
  internal: 0,
  breakerOpens: 0,
  liveBytes: { before: 10, after: 10 },
};

function run(all: Partial<ClassResult>, end: readonly Partial<GatewayEnd>[] = [{}], isValid = true): ScenarioRun {
  const phase = { name: "only", seconds: 1, ratePerSecond: 1, startsAtMs: 0, byClass: {}, all: { ...quiet, ...all } };
  const validity = { isValid, reasons: [], lagP99Ms: 0, dropped: 0, offered: 1 };
  const load: LoadResult = { phases: [phase], buckets: [], attackers: [], validity };
  return { load, capacity: 1, samples: [], counters: {}, notes: {}, end: end.map((one) => ({ ...calm, ...one })) };
}

/** What of `always` a run does not meet. */
function unmet(seen: ScenarioRun): readonly string[] {
  const fails = always.filter(
    ({ of, atLeast = -Infinity, atMost = Infinity }) => !(of(seen) >= atLeast && of(seen) <= atMost),
  );
  return fails.map(({ says }) => says);
}

describe("what every scenario must show", () => {
  test("is met by sheds of 503 and 429 that say when to come back", () => {
    const statuses = { 200: 5, 503: 3, 429: 1 };
    assert.deepEqual(unmet(run({ statuses, codes: { concurrency_limited: 3, rate_limited: 1 } })), []);
  });

  test("is not met where the generator was late", () => {
    assert.deepEqual(unmet(run({}, [{}], false)), ["generator kept its pace"]);
  });

  test("is not met by a 500 that a client saw, or that the gateway alone knows of", () => {
    assert.deepEqual(unmet(run({ statuses: { 500: 1 }, codes: { internal: 1 } })), ["answers 500"]);
    assert.deepEqual(unmet(run({}, [{}, { internal: 1 }])), ["answers 500"]);
  });

  test("is not met by a shed of another status", () => {
    const seen = run({ statuses: { 502: 1, 503: 1 }, codes: { overloaded: 2 } });
    assert.deepEqual(unmet(seen), ["sheds of another status than 503 and 429"]);
  });

  test("is not met by a shed without Retry-After, and is by the service's own 503 without one", () => {
    const codes = { circuit_open: 2 };
    assert.deepEqual(unmet(run({ statuses: { 503: 2 }, codes, withoutRetryAfter: 1 })), [
      "sheds without a Retry-After of whole seconds",
    ]);
    assert.deepEqual(unmet(run({ statuses: { 503: 7 }, codes, withoutRetryAfter: 5 })), []);
  });

  test("is not met by what stays in flight, at whichever gateway", () => {
    assert.deepEqual(unmet(run({}, [{}, { inFlight: 1 }])), ["in flight at the end"]);
  });

  test("is not met by one gateway of two that holds more than before, nor where nothing is known of it", () => {
    const grown = { liveBytes: { before: 100, after: 121 } };
    assert.deepEqual(unmet(run({}, [{}, grown])), ["live memory after the load, of before"]);
    const { liveBytes: _, ...unknown } = calm;
    const bare: ScenarioRun = { ...run({}), end: [unknown] };
    assert.deepEqual(unmet(bare), ["live memory after the load, of before"]);
  });
});
