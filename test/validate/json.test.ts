import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { Failure } from "../../gateway/failures/failure.ts";
import { refuseJsonFault } from "../../gateway/validate/json-fault.ts";
import { parseJson } from "../../gateway/validate/json.ts";

function detailOf(bytes: Buffer): string | undefined {
  try {
    parseJson(bytes);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "malformed_body");
    return error.options.detail;
  }
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const valid = [
  "{}",
  "[]",
  " \t\r\n[ 1 , 2 ]\n",
  '"text"',
  "0",
  "-0",
  "-1.5e-300",
  "1e999",
  "123456789012345678901234567890",
  "true",
  "false",
  "null",
  '{"a":1,"b":{"a":1}}',
  '[{"a":1},{"a":2}]',
  '{"":1," ":2}',
  '{"a:b":":","c{":"}[{\\"","d":"\\\\"}',
  '{"1":1,"0":2,"constructor":3,"toString":4,"hasOwnProperty":5}',
  '{"\u00e9":1,"e\u0301":2}',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"\ufeff"',
  '"\ufffd"',
  '"\u007f"',
  '"a"  ',
  nested(64),
];

for (const text of valid) {
  test(`accepts ${text.slice(0, 40)} as JSON.parse reads it`, () => {
    assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
  });
}

const invalid: Array<[string | number[], string, number]> = [
  ["", "an unexpected end", 0],
  ["  ", "an unexpected end", 2],
  ["{", "an unexpected end", 1],
  ['{"a"', "an unexpected end", 4],
  ['{"a":', "an unexpected end", 5],
  ['{"a":1', "an unexpected end", 6],
  ["[1,", "an unexpected end", 3],
  ['"a', "an unexpected end", 2],
  ['"a\\', "an unexpected end", 3],
  ["[1,]", "unexpected text", 3],
  ["[,1]", "unexpected text", 1],
  ['{"a":1,}', "unexpected text", 7],
  ["{a:1}", "unexpected text", 1],
  ["{'a':1}", "unexpected text", 1],
  ['{"a" 1}', "unexpected text", 5],
  ['{"a":1 "b":2}', "unexpected text", 7],
  ["[1 2]", "unexpected text", 3],
  ["01", "unexpected text", 0],
  ["+1", "unexpected text", 0],
  [".5", "unexpected text", 0],
  ["1.", "unexpected text", 0],
  ["1e", "unexpected text", 0],
  ["0x10", "unexpected text", 0],
  ["NaN", "unexpected text", 0],
  ["Infinity", "unexpected text", 0],
  ["True", "unexpected text", 0],
  ["nulL", "unexpected text", 0],
  ["undefined", "unexpected text", 0],
  ["[1]// x", "text after the value", 3],
  ["/* x */1", "unexpected text", 0],
  ["1 2", "text after the value", 2],
  ["{}}", "text after the value", 2],
  ["[]]", "text after the value", 2],
  ["{}\u0000", "text after the value", 2],
  ["\u00a01", "unexpected text", 0],
  ['"a\nb"', "an unescaped control character", 2],
  ['"\u0000"', "an unescaped control character", 1],
  ['"\\x"', "a faulty escape", 1],
  ['"\\u12g4"', "a faulty escape", 1],
  ['"\\u+123"', "a faulty escape", 1],
  ["\ufeff{}", "a byte order mark", 0],
  ['{"a":1,"a":2}', "a repeated member name", 7],
  ['{"a":1,"b":2,"\\u0061":3}', "a repeated member name", 13],
  ['{"x":{"a":{"b":1,"c":2,"b":3}}}', "a repeated member name", 23],
  ['[{"a":1},{"a":1,"a":1}]', "a repeated member name", 16],
  ['{"a":{"b":1},"a":{}}', "a repeated member name", 13],
  ['{"1":1,"1":2}', "a repeated member name", 7],
  ['{"__proto__":1}', "a member name that is not allowed", 1],
  ['{"a":[{"\\u005f_proto__":{"x":1}}]}', "a member name that is not allowed", 7],
  ['{"__proto__":1,"__proto__":2}', "a member name that is not allowed", 1],
  [nested(65), "nesting deeper than 64 levels", 64],
  ['{"a":'.repeat(65), "nesting deeper than 64 levels", 64 * 5],
  ["[".repeat(100_000), "nesting deeper than 64 levels", 64],
  [[0x22, 0xff, 0x22], "bytes that are not UTF-8", 1],
  [[0x22, 0xc0, 0xaf, 0x22], "bytes that are not UTF-8", 1],
  [[0x22, 0xed, 0xa0, 0x80, 0x22], "bytes that are not UTF-8", 1],
  [[0x22, 0xef, 0xbf, 0xbd, 0xc3, 0x28, 0x22], "bytes that are not UTF-8", 4],
  [[0x22, 0xe2, 0x82], "bytes that are not UTF-8", 1],
  [[0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00], "bytes that are not UTF-8", 0],
];

for (const [content, what, offset] of invalid) {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
  test(`refuses ${JSON.stringify(bytes.toString("latin1").slice(0, 40))}: ${what} at byte ${offset}`, () => {
    assert.equal(detailOf(bytes), `The request body is not valid JSON: ${what} at byte ${offset}.`);
  });
}

test("whatever JSON.stringify writes is accepted, with the value it had", () => {
  const value = fc.jsonValue({ maxDepth: 5 }).filter((it) => !JSON.stringify(it).includes("__proto__"));
  fc.assert(
    fc.property(value, (it) => {
      const text = JSON.stringify(it, null, 1);
      assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("agrees with JSON.parse and the slow scanner on mutated texts", () => {
  const base = '{"a":[1,-2.5e3,"x\\n\\u00e9"],"b":{"c":null,"d":true},"":"é"}';
  const mutation = fc.record({
    at: fc.nat(base.length),
    length: fc.nat(4),
    insert: fc.string({ unit: fc.constantFrom(...'{}[]:,"\\u0159.eE+-tnfa \n\u0001é'.split("")), maxLength: 4 }),
  });
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      let text = base;
      for (const { at, length, insert } of mutations) text = text.slice(0, at) + insert + text.slice(at + length);
      const bytes = Buffer.from(text);
      let expected: unknown = refusal;
      try {
        refuseJsonFault(bytes);
        expected = JSON.parse(text);
      } catch (error) {
        assert.ok(error instanceof Failure, `the scanner missed a fault: ${text}`);
      }
      if (expected === refusal) {
        assert.notEqual(detailOf(bytes), undefined, text);
      } else {
        accepted++;
        assert.deepEqual(parseJson(bytes), expected);
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 50, "the mutations must leave some texts valid");
});

test("a repeated name is found wherever it stands", () => {
  const name = fc.constantFrom("a", "b", "\\u0061", "c", "d");
  fc.assert(
    fc.property(fc.array(name, { maxLength: 6 }), fc.nat(3), (names, depth) => {
      const object = `{${names.map((it) => `"${it}":{"x":[]}`).join(",")}}`;
      const bytes = Buffer.from(`${'{"deep":['.repeat(depth)}${object}${"]}".repeat(depth)}`);
      const distinct = new Set(names.map((it) => it.replace("\\u0061", "a")));
      assert.equal(detailOf(bytes) === undefined, distinct.size === names.length);
    }),
  );
});

const refusal = Symbol("refusal");
