import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Sample } from "../../gateway/acquire/limit/limit.ts";

import { Knee } from "../../gateway/acquire/limit/knee.ts";

const options = { min: 3, max: 1000, sloMs: 500 };

/** A knee whose every request takes as long as `latencyOf` says of the limit, all permits in use. */
class Driven {
  readonly knee: Knee;
  now = 10_000;
  /** Requests at the upstream; by default as many as may be. */
  inFlight: number | undefined;

  constructor(parts: Partial<typeof options> = {}) {
    this.knee = new Knee({ ...options, ...parts });
  }

  play(forMs: number, latencyOf: (limit: number) => number, outcome: Sample["outcome"] = "answered"): this {
    for (const end = this.now + forMs; this.now < end; this.now += 5) {
      const { limit } = this.knee;
      this.knee.admitted(this.inFlight ?? limit);
      this.knee.ended({ startedAt: this.now - latencyOf(limit), endedAt: this.now, outcome });
    }
    return this;
  }

  /** Half of the permits are never used. */
  idle(forMs: number, latencyMs: number): this {
    for (const end = this.now + forMs; this.now < end; this.now += 5) {
      this.knee.admitted(Math.floor(this.knee.limit / 3));
      this.knee.ended({ startedAt: this.now - latencyMs, endedAt: this.now, outcome: "answered" });
    }
    return this;
  }
}

/** Ten slots of 20 ms: from there on every further request waits for the others. */
const tenSlots = (limit: number): number => 20 * Math.max(1, limit / 10);

describe("a knee limit", () => {
  test("starts at 20, within its bounds", () => {
    assert.equal(new Knee(options).limit, 20);
    assert.equal(new Knee({ ...options, min: 50 }).limit, 50);
    assert.equal(new Knee({ ...options, max: 8 }).limit, 8);
  });

  test("grows while answers do not take longer, up to its maximum", () => {
    assert.ok(new Driven().play(5000, () => 20).knee.limit > 80);
    assert.equal(new Driven({ max: 30 }).play(5000, () => 20).knee.limit, 30);
  });

  test("stays where it is while it is not the limit that holds requests back", () => {
    const { knee } = new Driven().idle(2000, 20).idle(5000, 450).idle(5000, 900);
    assert.equal(knee.limit, 20);
  });

  test("settles where requests begin to wait for each other", () => {
    const driven = new Driven().idle(1000, 20).play(10_000, tenSlots);
    for (let i = 0; i < 20; i++) {
      const { limit } = driven.play(500, tenSlots).knee;
      assert.ok(limit >= 10 && limit <= 30, `${limit}`);
    }
  });

  test("is halved over the slo, down to its minimum, while nobody is answered in time", () => {
    const driven = new Driven().play(1000, () => 20).play(20_000, () => 900, "unanswered");
    assert.equal(driven.knee.limit, options.min);
  });

  test("is halved while more than a tenth get no answer in the configured time", () => {
    const driven = new Driven().play(3000, () => 20).play(20_000, () => 200, "failed");
    assert.equal(driven.knee.limit, options.min);
  });

  test("does not take the upstream's own 503s for quick answers, nor for none", () => {
    const driven = new Driven().play(3000, () => 20);
    const { limit } = driven.knee;
    driven.play(20_000, () => 2, "unavailable");
    assert.ok(driven.knee.limit >= 0.4 * limit, `${driven.knee.limit}`);
    assert.ok(driven.knee.view.baseMs >= 20 && driven.knee.view.baseMs <= 500, `${driven.knee.view.baseMs}`);
  });

  test("takes no queue of less than 5 ms for one", () => {
    const driven = new Driven().play(1000, () => 1);
    const { limit } = driven.knee;
    assert.ok(driven.play(1000, () => 5).knee.limit > limit);
  });

  test("is not restored because of a cut that has not reached the requests there are", () => {
    const driven = new Driven().play(3000, () => 20);
    const { limit } = driven.knee;
    driven.inFlight = Math.ceil(0.55 * limit);
    driven.play(2500, () => 80);
    assert.equal(driven.knee.view.baseMs, 20);
    assert.ok(driven.knee.limit < driven.inFlight, `${driven.knee.limit}`);
  });

  test("takes no notice of clients that left early", () => {
    const driven = new Driven().play(3000, () => 20);
    const { limit } = driven.knee;
    assert.equal(driven.play(3000, () => 400, "unanswered").knee.limit, limit);
  });

  test("is restored where a cut has not helped, and tells the new base", () => {
    const driven = new Driven().play(3000, () => 20);
    const { limit } = driven.knee;
    const limits = Array.from({ length: 400 }, () => driven.play(5, () => 80).knee.limit);
    const lowest = Math.min(...limits);
    const restored = limits[limits.lastIndexOf(lowest) + 1] ?? 0;
    assert.ok(lowest < 0.85 * limit && restored >= limit, `${limit}, ${lowest}, ${restored}`);
    assert.deepEqual(driven.knee.view, { baseMs: 80, medianMs: 80, sloMs: 500 });
  });

  test("is restored over the slo too, where so few requests take as long and are answered", () => {
    const driven = new Driven().play(30_000, () => 800);
    assert.ok(driven.knee.limit >= 20, `${driven.knee.limit}`);
  });

  test("never leaves its bounds, whatever happens", () => {
    const driven = new Driven({ min: 5, max: 40 });
    for (const [index, latencyMs] of [20, 900, 1, 60, 2000, 5, 400, 30, 10_000, 20].entries()) {
      const outcome = (["answered", "failed", "unanswered", "unavailable"] as const)[index % 4];
      for (let i = 0; i < 30; i++) {
        const { limit } = driven.play(100, () => latencyMs, outcome).knee;
        assert.ok(limit >= 5 && limit <= 40, `${limit}`);
      }
    }
  });
});
