import assert from "node:assert/strict";
import { test } from "node:test";

import { RE2JS } from "re2js";

import { compileExpression, compilePattern, isPattern } from "../../gateway/validate/pattern/compile-pattern.ts";
import { LinearMatcher } from "../../gateway/validate/pattern/linear-matcher.ts";
import { parsePattern } from "../../gateway/validate/pattern/parse.ts";
import { UnsafePattern } from "../../gateway/validate/pattern/syntax.ts";
import { WorkMeter } from "../../gateway/validate/work-meter.ts";
import { RandomPatterns, seededRandom } from "./random-patterns.ts";

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
    const { engine, compiled } = compilePattern(pattern);
    assert.equal(engine, "automaton");
    // V8's engine would need longer than the universe has; that this returns is the test.
    assert.equal(compiled.test(attack), false);
    for (const text of ["", "a", "aa", "1,", "xxy", "  a", "aaA", "ab Ab", attack.slice(0, -1)]) {
      assert.equal(compiled.test(text), RE2JS.compile(pattern).test(text), text.slice(0, 10));
    }
  });
}

const linearOnV8 = [
  "^[a-z0-9-]+$",
  "^[A-F0-9]{8}-[A-F0-9]{4}-[A-F0-9]{12}$",
  "^a{1001}$",
  "^.{0,65535}$",
  "^[\\s\\S]{1,131072}$",
  "^(?=.*[A-Z])(?=.*\\d).{8,}$",
  "^(?!.*\\.\\.)[a-z.]{1,64}$",
  "^(.)\\1$",
  "^([\"']).*\\1$",
  "[]",
  "foo|bar",
];
for (const pattern of linearOnV8) {
  test(`${pattern} is linear on V8's engine, and runs there`, () => {
    const { engine, compiled } = compilePattern(pattern);
    assert.equal(engine, "backtracking");
    for (const text of [
      "",
      "a",
      "aA1bbbbb",
      "a..b",
      "aa",
      '"a"',
      "foo",
      "a".repeat(1001),
      `${"a".repeat(1_000_000)}!`,
    ]) {
      assert.equal(compiled.test(text), new RegExp(pattern, "u").test(text), text.slice(0, 20));
    }
  });
}

const asAutomata = [
  "[a-z]+@[a-z]+",
  "(?<!a.*)b",
  "^((?!bad).)*$",
  "\\bfoo\\b.*bar",
  "^a{1,3000}b{1,3000}$",
  "(?=.*\\d)[a-z\\d]+$",
];
for (const pattern of asAutomata) {
  test(`${pattern} is not shown to be linear, and runs as an automaton`, () => {
    const { engine, compiled } = compilePattern(pattern);
    assert.equal(engine, "automaton");
    for (const text of ["", "a", "ab", "b", "bad", "a bad b", "a1", "foo bar", "food bar", "a@b", "aab"]) {
      assert.equal(compiled.test(text), new RegExp(pattern, "u").test(text), text);
    }
  });
}

for (const pattern of [
  "^(a+)b\\1+$",
  "(a*)\\1",
  "^(?:a{1,1000}){1,1000}$",
  `${"(".repeat(300)}a${")".repeat(300)}.*.*`,
]) {
  test(`${pattern.slice(0, 30)} is refused`, () => {
    assert.throws(() => compilePattern(pattern), UnsafePattern);
  });
}

test("a pattern that is one only without the u flag is read so, and says so", () => {
  const { isLax, compiled } = compilePattern("^\\_\\d$");
  assert.equal(isLax, true);
  assert.equal(compiled.test("_1"), true);
  assert.equal(compilePattern("^\\u{3}\\_$").compiled.test("uuu_"), true);
});

test("what is no regular expression is refused", () => {
  assert.throws(() => compilePattern("(a"), SyntaxError);
  assert.equal(isPattern("(a"), false);
  assert.equal(isPattern("^\\_$"), true);
  assert.equal(isPattern("a".repeat(100_000)), false);
});

test("two patterns never share their text, by which ajv tells them apart", () => {
  const patterns = [...linearOnV8, ...asAutomata];
  assert.equal(new Set(patterns.map((pattern) => String(compilePattern(pattern).compiled))).size, patterns.length);
});

test("local modifiers hold in their group alone", () => {
  for (const [pattern, text, expected] of [
    ["(?i:a)+b+$", "AAb", true],
    ["(?i:a)+b+$", "AAB", false],
    ["(?s:.)+x+$", "\nx", true],
    ["(?-s:.)+x+$", "\nx", false],
    ["a+(?m:$)\n+", "xa\n", true],
  ] as const) {
    assert.equal(compilePattern(pattern).compiled.test(text), expected, pattern);
  }
});

test("a foreign expression keeps its flags", () => {
  const compiled = compileExpression(/^[a-z]+(?:-[a-z]+)*$/gi);
  assert.deepEqual([compiled.test("A-b"), compiled.test("A-b"), compiled.test("A-")], [true, true, false]);
});

test("an automaton says of any text what V8's engine says", (t) => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1e9);
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const patterns = new RandomPatterns(random);
  const flags = ["u", "", "i", "iu", "m", "mu", "s"] as const;
  let compared = 0;
  for (let n = 0; n < 6000; n += 1) {
    const pattern = patterns.pattern();
    const flag = flags[Math.floor(random() * flags.length)] ?? "u";
    const matcher = automatonOf(pattern, flag);
    if (matcher === undefined) continue;
    // Begun at the start, for V8's own search misses some matches: /[^a]$/u does not find one in "😁😁".
    const native = new RegExp(`^[^]*?(?:${pattern})`, flag);
    for (let k = 0; k < 10; k += 1) {
      const text = patterns.text();
      assert.equal(
        matcher.test(text),
        native.test(text),
        `seed ${seed}: /${pattern}/${flag} on ${JSON.stringify(text)}`,
      );
      compared += 1;
    }
  }
  assert.ok(compared > 20_000, `${compared} compared`);
});

function automatonOf(pattern: string, flags: string): LinearMatcher | undefined {
  try {
    new RegExp(`^[^]*?(?:${pattern})`, flags).test("");
  } catch {
    return undefined;
  }
  try {
    const meter = new WorkMeter();
    return new LinearMatcher(parsePattern(pattern, flags), { isUnicode: flags.includes("u"), meter });
  } catch (error) {
    if (error instanceof UnsafePattern) return undefined;
    throw error;
  }
}
