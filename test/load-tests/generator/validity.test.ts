import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { judge } from "../../../load-tests/generator/validity.ts";
import { startUpstream } from "../../support/raw-upstream.ts";
import { answering } from "../../support/upstream-scripts.ts";
import { block, request, runLoad } from "./load-under-test.ts";

describe("the verdict", () => {
  test("allows a lag of 5 ms at the 99th percentile, and one request dropped of a thousand", () => {
    assert.deepEqual(judge({ lagP99Ms: 5, dropped: 1, offered: 1000 }), {
      isValid: true,
      reasons: [],
      lagP99Ms: 5,
      dropped: 1,
      offered: 1000,
    });
  });

  test("says in words what was too much", () => {
    const { isValid, reasons } = judge({ lagP99Ms: 5.26, dropped: 2, offered: 1000 });
    assert.equal(isValid, false);
    assert.match(reasons[0] ?? "", /^1 % of the requests were written 5\.3 ms or more after they were due/);
    assert.match(reasons[1] ?? "", /^2 of 1000 requests were due and never written/);
  });

  test("of no load at all is none", () => {
    assert.deepEqual(judge({ lagP99Ms: 0, dropped: 0, offered: 0 }).reasons, ["no request was due"]);
  });
});

describe("an overloaded generator", () => {
  const steady = [{ name: "steady", seconds: 1, ratePerSecond: 500, spacing: "constant" }] as const;

  test("says that it was late, if something keeps its process busy", async () => {
    await using upstream = await startUpstream(answering());
    const timer = setInterval(() => block(30), 50);
    const { validity, phases } = await runLoad({ ports: [upstream.port], phases: steady });
    clearInterval(timer);
    assert.equal(validity.isValid, false);
    assert.match(validity.reasons.join(), /after they were due/);
    assert.ok(validity.lagP99Ms > 20, `${validity.lagP99Ms} ms`);
    // And its own lateness is not taken out of the latencies.
    assert.ok((phases[0]?.all.goodMs.p99 ?? 0) > 20);
  });

  test("drops what it could not write before the client would be gone, and says so", async () => {
    await using upstream = await startUpstream(answering());
    const timer = setTimeout(() => block(400), 200);
    const { validity, phases } = await runLoad({
      ports: [upstream.port],
      phases: steady,
      classes: [{ ...request, deadlineMs: 200 }],
    });
    clearTimeout(timer);
    // All that were due in the first 200 of these 400 ms, at 500 a second.
    assert.ok(validity.dropped >= 95, `${validity.dropped} dropped`);
    assert.match(validity.reasons.join(), /requests were due and never written/);
    assert.equal(phases[0]?.all.offered, 500);
    assert.ok((phases[0]?.all.sent ?? 0) <= 500 - validity.dropped);
  });

  test("that is asked for more than a process can do says that it could not", async () => {
    await using upstream = await startUpstream(answering());
    const { validity } = await runLoad({
      ports: [upstream.port],
      phases: [{ name: "too much", seconds: 0.4, ratePerSecond: 400_000 }],
      classes: [{ ...request, deadlineMs: 200 }],
    });
    assert.equal(validity.isValid, false);
    assert.ok(validity.offered > 150_000 && validity.offered < 170_000, `${validity.offered} offered`);
    assert.ok(validity.dropped > validity.offered / 2, `${validity.dropped} dropped`);
  });
});
