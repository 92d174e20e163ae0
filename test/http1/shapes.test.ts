import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { wireRules, type WireRule } from "../../gateway/http1/rules.ts";
import { readAll } from "./message-reader.ts";
import { requestShapes } from "./request-shapes.ts";
import { responseShapes } from "./response-shapes.ts";

function octets(stream: Buffer): readonly Buffer[] {
  return Array.from({ length: stream.length }, (_, at) => stream.subarray(at, at + 1));
}

/** The rule that ends the reading, whole and octet by octet. */
function rulesFor(text: string, methods?: readonly string[]): readonly string[] {
  const stream = Buffer.from(text, "latin1");
  return [readAll([stream], { methods }).ending, readAll(octets(stream), { methods }).ending];
}

describe("every rule refuses what it forbids, in one piece and octet by octet", () => {
  for (const [rule, shapes] of Object.entries(requestShapes)) {
    test(`in requests: ${rule}`, () => {
      for (const shape of shapes) assert.deepEqual(rulesFor(shape), [rule, rule], JSON.stringify(shape.slice(0, 200)));
    });
  }
  for (const [rule, shapes] of Object.entries(responseShapes)) {
    test(`in responses: ${rule}`, () => {
      for (const shape of shapes) {
        assert.deepEqual(rulesFor(shape, ["GET"]), [rule, rule], JSON.stringify(shape.slice(0, 200)));
      }
    });
  }
});

test("no rule is without a shape", () => {
  const rules = Object.keys(wireRules) as WireRule[];
  assert.deepEqual(
    rules.filter((rule) => (requestShapes[rule] ?? responseShapes[rule] ?? []).length === 0),
    [],
  );
});
