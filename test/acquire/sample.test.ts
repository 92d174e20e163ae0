import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Attempt } from "../../gateway/exchange/exchange.ts";

import { sampleOf } from "../../gateway/acquire/limit/sample.ts";

/** Begun at 100, sent whole at 130, answered at 180; now it is 200. */
function attempt(parts: Partial<Attempt>): Attempt {
  return { startedAt: 100, sentAt: 130, firstByteMs: 80, status: 200, ...parts } as Attempt;
}

const outcomeOf = (parts: Partial<Attempt>, isBlamed = false) => sampleOf(attempt(parts), isBlamed, 200)?.outcome;

describe("a sample", () => {
  test("runs from the last byte of the request to the head of the answer", () => {
    assert.deepEqual(sampleOf(attempt({ outcome: "success" }), false, 200), {
      startedAt: 130,
      endedAt: 180,
      outcome: "answered",
    });
  });

  test("of no answer runs until it was given up", () => {
    assert.deepEqual(sampleOf(attempt({ outcome: "upstream_headers_timeout" }), true, 200), {
      startedAt: 130,
      endedAt: 200,
      outcome: "failed",
    });
  });

  test("tells an upstream's own 503 from its other errors", () => {
    assert.equal(outcomeOf({ outcome: "success", status: 503 }), "unavailable");
    assert.equal(outcomeOf({ outcome: "success", status: 500 }), "answered");
    assert.equal(outcomeOf({ outcome: "success", status: 429 }), "answered");
  });

  test("has failed by the deadline only where the upstream had the whole time", () => {
    assert.equal(outcomeOf({ outcome: "deadline_exceeded" }, true), "failed");
    assert.equal(outcomeOf({ outcome: "deadline_exceeded" }, false), "unanswered");
  });

  test("is unanswered where the client left", () => {
    assert.equal(outcomeOf({ outcome: "client_closed" }), "unanswered");
  });

  test("is none where nothing was awaited from the upstream, or where it is a fault and no load", () => {
    assert.equal(outcomeOf({ outcome: "client_closed", sentAt: undefined }), undefined);
    assert.equal(outcomeOf({ outcome: "success", sentAt: undefined }), undefined);
    for (const outcome of ["upstream_refused", "upstream_reset", "upstream_protocol_error", "internal"]) {
      assert.equal(outcomeOf({ outcome }, true), undefined, outcome);
    }
  });
});
