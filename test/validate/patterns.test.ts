import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { compilePattern, isPattern } from "../../gateway/validate/linear-pattern.ts";

const evil: Array<[string, string]> = [
  ["^(a+)+$", `${"a".repeat(50_000)}!`],
  ["^(a|aa)+$", `${"a".repeat(50_000)}!`],
  ["^(a|a?)+$", `${"a".repeat(50_000)}!`],
  ["^([a-zA-Z]+)*$", `${"a".repeat(50_000)}1`],
  ["^(.*a){20}$", `${"a".repeat(50_000)}!`],
  ["^(\\w+\\s?)*$", `${"word ".repeat(10_000)}!`],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(50_000)],
  ["(x+x+)+y", "x".repeat(50_000)],
  ["^(\\d+)*,$", "1".repeat(50_000)],
  ["^\\s*(\\s*a)*$", `${" ".repeat(50_000)}!`],
];

for (const [pattern, attack] of evil) {
  test(`${pattern} runs in linear time`, () => {
    const { isLinear, compiled } = compilePattern(pattern);
    assert.equal(isLinear, true);
    // V8's engine would need longer than the universe has; that this returns is the test.
    assert.equal(compiled.test(attack), false);
  });
}

for (const pattern of ["^(?=.*\\d)[a-z\\d]+$", "(?<!a)b", "^(.)\\1$", "^a{1001}$", "^[\\S]+$", "\\p{ASCII}", "[]"]) {
  test(`${pattern} falls back to V8's engine`, () => {
    const { isLinear, compiled } = compilePattern(pattern);
    assert.equal(isLinear, false);
    assert.equal(compiled.test("a1"), new RegExp(pattern, "u").test("a1"));
  });
}

test("a pattern that is one only without the u flag is read so, and says so", () => {
  const { isLax, compiled } = compilePattern("^\\_\\d$");
  assert.equal(isLax, true);
  assert.equal(compiled.test("_1"), true);
});

test("lax syntax in which escapes mean something else stays with V8", () => {
  const { isLinear, compiled } = compilePattern("^\\u{3}\\_$");
  assert.equal(isLinear, false);
  assert.equal(compiled.test("uuu_"), true);
});

test("what is no regular expression is refused", () => {
  assert.throws(() => compilePattern("(a"), SyntaxError);
  assert.equal(isPattern("(a"), false);
  assert.equal(isPattern("^\\_$"), true);
});

test("two patterns never share their text, by which ajv tells them apart", () => {
  assert.notEqual(compilePattern("^a$").compiled.toString(), compilePattern("^b$").compiled.toString());
});

const patterns = [
  "^[A-Z]{3}-\\d+$",
  "a.c",
  "^.$",
  "^[^]$",
  "\\s",
  "^\\S+$",
  "[\\s,]",
  "[^\\s]",
  "\\bfoo\\b",
  "[\\b]",
  "\\u00e9",
  "\\u{1F600}",
  "\\ud83d\\ude00",
  "[\\u{1F600}-\\u{1F64F}]",
  "\\x41",
  "\\cJ",
  "\\0",
  "[[]",
  "[[:alpha:]",
  "[^[\\]]",
  "\\p{L}",
  "\\P{Lu}",
  "\\p{Script=Greek}",
  "\\p{gc=Nd}",
  "(?:a|b)*c?",
  "(?<year>\\d{4})",
  "\\/\\.\\$\\^",
  "[a\\-z]",
  "^(?:[^\\n]|\\r)$",
  "\\$\\{x\\}",
  "é+",
  "^\\w+$",
  "\\W",
  "\\D",
  "\\t|\\v|\\f",
  "(?i:ab)",
  "a{2,3}?",
  "^$",
];

test("a translated pattern means what JavaScript means by it", () => {
  const alphabet = [
    ..."aAbBzZ09_-.[]:alph/$^\\{}x, \t\n\r\v\f\0".split(""),
    ..."é\u00a0\u2028\u2029\ufeff\u3000\u0085αΩ٣\u{1F600}K".split(/(?:)/u),
    "foo",
    "ABC-1",
  ];
  const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 5 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.constantFrom(...patterns), text, (pattern, subject) => {
      const { compiled } = compilePattern(pattern);
      assert.equal(compiled.test(subject), new RegExp(pattern, "u").test(subject));
    }),
    { numRuns: 5000 },
  );
});

test("all of these run on the linear engine", () => {
  const refused = patterns.filter((pattern) => !compilePattern(pattern).isLinear);
  assert.deepEqual(refused, []);
});
