import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { editDistance, nearestName } from "../../gateway/config/nearest.ts";

test("a dropped, added, changed or swapped letter is one edit", () => {
  assert.deepEqual(
    ["timout", "timeoutt", "timeour", "tiemout", "timeout"].map((word) => editDistance(word, "timeout")),
    [1, 1, 1, 1, 0],
  );
});

test("the distance is the same both ways, 0 only for the same word, and never more than the longer one", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
    }),
  );
});

test("the nearest name is found whatever its case", () => {
  assert.equal(nearestName("keepalive", ["keepAlive", "reportedKeepAlive"]), "keepAlive");
  assert.equal(nearestName("MaxConections", ["maxConnections", "maxHeaderSize"]), "maxConnections");
});

test("a name that is not near is not named", () => {
  assert.equal(nearestName("zzz", ["host", "port"]), undefined);
  assert.equal(nearestName("a".repeat(10_000), ["host"]), undefined);
});
