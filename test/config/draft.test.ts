import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { freeze } from "../../gateway/config/draft.ts";

function isFrozenWhole(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenWhole);
}

describe("a frozen value", () => {
  test("is equal to what it was, and frozen in every part", () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, undefined, Infinity, 0, "0", "null"),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "b", "#1", "a:1"), tie("tree"), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const frozen = freeze(structuredClone(value));
        assert.deepEqual(frozen, value);
        assert.ok(isFrozenWhole(frozen));
      }),
    );
  });

  test("has equal parts once, and those that only JSON takes for equal apart", () => {
    const { a, b, c, d } = freeze({ a: { x: [1] }, b: { x: [1] }, c: { x: [Infinity] }, d: { x: [null] } });
    assert.equal(a, b);
    assert.deepEqual([c.x, d.x], [[Infinity], [null]]);
  });
});
