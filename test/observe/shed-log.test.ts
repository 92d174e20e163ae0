import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Failure } from "../../gateway/failures/failure.ts";
import { createObserver } from "../../gateway/observe/observer.ts";
import { ShedLog } from "../../gateway/observe/shed-log.ts";
import { endedExchange, memoryDestination } from "./exchanges.ts";

const codes = ["overloaded", "rate_limited"] as const;

function countedOut(log: ShedLog): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from(log.counter.cells(), ({ labels, count }) => [labels["code"] ?? "", count]));
}

describe("the log of refusals", () => {
  it("has so many lines a second of each code, and the next one tells how many were left out", () => {
    const log = new ShedLog(2);
    const told = (now: number) => log.omittedBefore("overloaded", now);
    assert.deepEqual([told(0), told(1), told(2), told(999)], [0, 0, undefined, undefined]);
    assert.equal(log.omittedBefore("rate_limited", 999), 0, "another code has lines of its own");
    assert.deepEqual([told(1000), told(1001), told(1002)], [2, 0, undefined]);
    assert.deepEqual(countedOut(log), { overloaded: 3, rate_limited: 0 });
  });

  it("has none where none is wanted, and follows a reload", () => {
    const log = new ShedLog(0);
    assert.equal(log.omittedBefore("overloaded", 0), undefined);
    log.reconfigure(1);
    assert.equal(log.omittedBefore("overloaded", 1), 1);
  });

  it("and its counter are together all refusals, at any pace", () => {
    const log = new ShedLog(3);
    const lines = { overloaded: 0, rate_limited: 0 };
    const omitted = { overloaded: 0, rate_limited: 0 };
    for (let n = 0; n < 5000; n += 1) {
      const code = codes[n % 2] ?? "overloaded";
      const before = log.omittedBefore(code, n * 7);
      if (before === undefined) continue;
      lines[code] += 1;
      omitted[code] += before;
    }
    for (const code of codes) {
      assert.equal(lines[code] + (countedOut(log)[code] ?? 0), 2500);
      assert.ok((countedOut(log)[code] ?? 0) - omitted[code] < 100, "but for the last ones all were told of");
    }
  });

  it("leaves out nothing that is no refusal for now, nor what an upstream was asked for", async () => {
    const destination = memoryDestination();
    const observer = createObserver({
      config: { level: "info", access: true, redact: [], shedsPerSecond: 0 },
      routes: ["create-order"],
      views: () => [],
      connections: () => ({ open: 0, dropped: 0, reclaimed: 0, responseBytes: 0, requestBytes: 0, pipelinedBytes: 0 }),
      destination,
    });
    observer.finish(endedExchange({ failure: new Failure("overloaded"), attempts: [] }));
    assert.equal(destination.text.length, 0);
    observer.finish(endedExchange({ failure: new Failure("upstream_refused") }));
    observer.finish(endedExchange({ failure: new Failure("no_route"), attempts: [] }));
    observer.finish(endedExchange({ failure: new Failure("upstream_error", { status: 503 }) }));
    assert.equal(destination.text.length, 6);
    assert.match(await observer.metrics(), /^statuswise_log_sampled_out_total\{code="overloaded"\} 1$/m);
    assert.match(await observer.metrics(), /^statuswise_shed_total\{reason="overloaded"\} 1$/m);
  });
});
