import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";

import type { SchemaCheck } from "../../gateway/validate/schema-check.ts";

import { MemberPaths } from "../../gateway/validate/member-paths.ts";
import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";
import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { findRepeat } from "../../gateway/validate/unique-items.ts";
import { WorkExceeded, WorkMeter } from "../../gateway/validate/work-meter.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "statuswise-work-"));
});
after(() => rmSync(folder, { recursive: true }));

function compile(schema: unknown): SchemaCheck {
  const file = join(folder, "schema.json");
  writeFileSync(file, JSON.stringify(schema));
  const check = new SchemaCompiler([]).compile(file);
  assert.ok(check);
  return check;
}

function nested(depth: number): unknown {
  return depth === 0 ? { kind: "" } : { next: nested(depth - 1), kind: "" };
}

describe("recursion", () => {
  // The member that decides stands last, so that each branch goes all the way down before it fails.
  const branches = (next: object) => ["a", "b"].map((kind) => ({ properties: { next, kind: { const: kind } } }));
  const drafts: Array<[string, Record<string, unknown>]> = [
    ["$ref", { type: "object", anyOf: branches({ $ref: "#" }) }],
    [
      "$dynamicRef",
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        $dynamicAnchor: "node",
        anyOf: branches({ $dynamicRef: "#node" }),
      },
    ],
    [
      "$recursiveRef",
      {
        $schema: "https://json-schema.org/draft/2019-09/schema",
        $recursiveAnchor: true,
        anyOf: branches({ $recursiveRef: "#" }),
      },
    ],
  ];
  for (const [keyword, schema] of drafts) {
    test(`through anyOf and ${keyword} that doubles on each level is cut, and not by a RangeError`, () => {
      const check = compile(schema);
      assert.throws(() => findErrors(check, nested(64), 600), WorkExceeded);
      assert.ok(findErrors(check, nested(5), 50).length > 0);
    });
  }

  test("of a plain kind goes down to the depth that JSON may have", () => {
    const list = compile({
      type: "object",
      properties: { next: { $ref: "#" }, kind: {} },
      additionalProperties: false,
    });
    assert.deepEqual(findErrors(list, nested(64), 600), []);
  });

  test("without an end is an error of the schema", () => {
    const file = join(folder, "endless.json");
    writeFileSync(file, JSON.stringify({ anyOf: [{ $ref: "#" }, { $ref: "#" }] }));
    const compiler = new SchemaCompiler([]);
    assert.equal(compiler.compile(file), undefined);
    assert.deepEqual(
      compiler.findings.map(({ severity, message }) => [severity, message]),
      [["error", "refers to itself without end"]],
    );
  });
});

test("a text that makes a set of states for every character is cut", () => {
  const check = compile({ type: "string", pattern: "(a|b)*a(a|b){12}$" });
  const text = Array.from({ length: 200_000 }, (_, i) => "ab"[((i * i) >> 3) & 1]).join("");
  assert.equal(findErrors(check, `${text.slice(0, 2000)}abbbbbbbbbbbb`, 2015).length, 0);
  const hungry = compile({ type: "string", pattern: "(a|b)*a(a|b){200}c$" });
  let state = 1;
  const random = Array.from({ length: 1_000_000 }, () => "ab"[(state = (state * 48271) % 2147483647) & 1]).join("");
  assert.throws(() => findErrors(hungry, random, random.length), WorkExceeded);
});

describe("the path of a member", () => {
  test("escapes the member's name", () => {
    assert.equal(new MemberPaths(new WorkMeter()).of("a/b~c"), "/a~1b~0c");
    assert.equal(new MemberPaths(new WorkMeter()).of(""), "/");
  });

  test("of a long name is charged once, until the check ends", () => {
    const meter = new WorkMeter();
    const paths = new MemberPaths(meter);
    const name = "/".repeat(1000);
    meter.begin(2000);
    for (let i = 0; i < 5; i += 1) assert.equal(paths.of(name), `/${"~1".repeat(1000)}`);
    paths.clear();
    assert.throws(() => paths.of(name), WorkExceeded);
  });

  test("is kept for so many long names alone", () => {
    const meter = new WorkMeter();
    const paths = new MemberPaths(meter);
    const long = (i: number) => `${i}${"x".repeat(100)}`;
    for (let i = 0; i < 100; i += 1) assert.equal(paths.of(long(i)), `/${long(i)}`);
    meter.begin(0);
    assert.equal(paths.of(long(99)), `/${long(99)}`);
    assert.throws(() => paths.of(long(0)), WorkExceeded);
  });
});

describe("uniqueItems", () => {
  test("takes linear time over half a million items", () => {
    const check = compile({ type: "array", uniqueItems: true });
    const items = Array.from({ length: 100_000 }, (_, i) => i);
    assert.deepEqual(findErrors(check, items, 700_000), []);
    assert.equal(findErrors(check, [...items, 7], 700_002)[0]?.keyword, "uniqueItems");
  });

  test("false asks for nothing", () => {
    assert.deepEqual(findErrors(compile({ uniqueItems: false }), [1, 1], 5), []);
  });

  test("finds a repeat exactly where two items are equal", () => {
    const meter = new WorkMeter();
    const json = fc.jsonValue({ maxDepth: 2 });
    const item = fc.oneof(json, fc.constantFrom(0, "0", null, "null", [], {}, [0], { a: 1, b: 2 }, { b: 2, a: 1 }, ""));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (made) => {
        // As JSON has it: what JSON cannot say, such as undefined, does not occur.
        const items = JSON.parse(JSON.stringify(made)) as unknown[];
        const isRepeated = items.some((one, i) => items.slice(0, i).some((other) => isDeepStrictEqual(one, other)));
        const found = findRepeat(items, meter);
        assert.equal(found !== undefined, isRepeated, JSON.stringify(items));
        if (found !== undefined) assert.deepEqual(items[found.i], items[found.j]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("formats", () => {
  const attacks: Array<[string, string]> = [
    ["url", `http://1${":[:".repeat(30_000)}`],
    ["uri", `http://${"a.".repeat(50_000)}\0`],
    ["uri-reference", `${"%41".repeat(40_000)}\0`],
    ["uri-template", "{a,".repeat(40_000)],
    ["email", `${"a.".repeat(50_000)}@`],
    ["hostname", "a-".repeat(50_000)],
    ["json-pointer", `${"/~0".repeat(40_000)}~`],
    ["duration", `P${"1Y".repeat(50_000)}`],
    ["date-time", "t".repeat(100_000)],
    ["byte", "A".repeat(100_001)],
    ["regex", "(".repeat(100_000)],
  ];
  for (const [format, attack] of attacks) {
    test(`${format} says no to a long hostile text within its work`, () => {
      const check = compile({ type: "string", format });
      const began = performance.now();
      assert.equal(findErrors(check, attack, attack.length)[0]?.keyword, "format");
      assert.ok(performance.now() - began < 1000);
    });
  }

  test("mean what they meant", () => {
    const cases: Array<[string, string, boolean]> = [
      ["email", "A.b@example.COM", true],
      ["email", "a..b@example.com", false],
      ["url", "https://example.com/a?b#c", true],
      ["url", "https://10.0.0.1/", false],
      ["uuid", "123E4567-e89b-12d3-a456-426614174000", true],
      ["ipv4", "256.1.1.1", false],
      ["ipv6", "2001:db8::1", true],
      ["hostname", "a".repeat(64), false],
      ["date", "2024-02-30", false],
      ["date-time", "2024-02-29T12:00:00Z", true],
      ["duration", "P1DT2H", true],
      ["duration", "P", false],
      ["json-pointer", "/a~1b", true],
      ["regex", "^(a", false],
    ];
    for (const [format, text, isValid] of cases) {
      const check = compile({ type: "string", format });
      assert.equal(findErrors(check, text, text.length).length === 0, isValid, `${format} ${text}`);
    }
  });
});
