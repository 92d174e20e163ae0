import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import addFormats from "ajv-formats";
import { Ajv } from "ajv";
import * as fc from "fast-check";

import { knownFormats } from "../../gateway/validate/plain-keywords.ts";
import { isPlainSchema } from "../../gateway/validate/plain-schema.ts";
import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";
import { readSchemaDocument } from "../../gateway/validate/schema-document.ts";
import { keywordSchemas } from "./keyword-schemas.ts";
import { schemas, tagDefinitions, values } from "./random-schemas.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "statuswise-plain-"));
});
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(schema: unknown): string {
  const file = join(folder, `schema-${++files}.json`);
  writeFileSync(file, JSON.stringify(schema));
  return file;
}

function isPlain(schema: unknown): boolean {
  return isPlainSchema(readSchemaDocument(write(schema)));
}

/** Compiles files one after another, with code generated at once or when it is needed. */
function compile(written: readonly string[], when: "at once" | "when needed") {
  const compiler = when === "at once" ? new SchemaCompiler([], () => false) : new SchemaCompiler([]);
  const checks = written.map((file) => compiler.compile(file));
  return { checks, findings: compiler.findings };
}

const drafts = fc.constantFrom(
  undefined,
  "http://json-schema.org/draft-07/schema#",
  "https://json-schema.org/draft/2019-09/schema",
  "https://json-schema.org/draft/2020-12/schema",
);

const documents = fc
  .record({
    schema: fc.oneof({ weight: 4, arbitrary: keywordSchemas }, { weight: 1, arbitrary: schemas }),
    $schema: drafts,
    definitions: fc.dictionary(fc.constantFrom("a", "b", "x/y"), keywordSchemas, { maxKeys: 3 }),
    $id: fc.constantFrom(undefined, undefined, undefined, "https://schemas.test/x", "money", "#a"),
    isTagged: fc.boolean(),
  })
  .map(({ schema, $schema, definitions, $id, isTagged }) => {
    if (typeof schema !== "object") return schema;
    const own = isTagged ? { definitions: Object.assign({}, tagDefinitions, { other: {} }, definitions) } : {};
    const all: object = Object.assign({}, $schema && { $schema }, $id && { $id }, schema, own);
    return all;
  });

describe("what is known of a schema without compiling it", () => {
  test("the findings are those of compiling it, and a plain schema compiles to the same checks", (t) => {
    let plain = 0;
    let all = 0;
    fc.assert(
      fc.property(
        fc.array(documents, { minLength: 1, maxLength: 3 }),
        fc.array(values, { maxLength: 6 }),
        (made, tried) => {
          const written = made.map(write);
          const eager = compile(written, "at once");
          const lazy = compile(written, "when needed");
          assert.deepEqual(lazy.findings, eager.findings);
          for (const [index, check] of lazy.checks.entries()) {
            const known = eager.checks[index];
            assert.equal(check === undefined, known === undefined);
            if (check === undefined || known === undefined) continue;
            all++;
            if (!check.isReady) plain++;
            for (const value of tried) {
              for (const extent of ["quick", "thorough"] as const) {
                assert.equal(check[extent](value), known[extent](value));
                assert.deepEqual(check[extent].errors, known[extent].errors);
              }
            }
          }
        },
      ),
      { numRuns: Number(process.env["PLAIN_RUNS"] ?? 300) },
    );
    t.diagnostic(`${plain} of ${all} sound schemas were plain`);
    assert.ok(plain > all / 4);
  });

  test("the known formats are those of ajv-formats", () => {
    const ajv = new Ajv();
    addFormats.default(ajv);
    assert.deepEqual([...knownFormats].toSorted(), Object.keys(ajv.formats).toSorted());
  });

  const object = { type: "object", properties: { a: { type: "string" } } };
  const deep = (levels: number): object => (levels === 0 ? object : { type: "array", items: deep(levels - 1) });
  const wide = (members: number): object => ({
    type: "object",
    properties: Object.fromEntries(Array.from({ length: members }, (_, i) => [`p${i}`, { type: "string" }])),
  });
  const money = { type: "object", required: ["amount"], properties: { amount: { type: "integer", minimum: 0 } } };
  for (const [what, schema, expected] of [
    ["an object with twenty properties", wide(20), true],
    [
      "a reference within the file",
      { properties: { a: { $ref: "#/definitions/m" } }, type: "object", definitions: { m: money } },
      true,
    ],
    ["a list that refers to itself through the value", { type: "object", properties: { next: { $ref: "#" } } }, true],
    [
      "types that the schema around allows",
      { type: "object", anyOf: [{ required: ["a"] }, { required: ["b"] }] },
      true,
    ],
    ["a reference to itself at the same value", { type: "object", anyOf: [{ $ref: "#" }] }, false],
    ["a reference to another file", { $ref: "money.json" }, false],
    ["a keyword that is not known", { ...object, "x-owner": "orders" }, false],
    ["a keyword without its type", { properties: {} }, false],
    ["a format that is not known", { type: "string", format: "sku" }, false],
    ["more than a request can wait for", wide(400), false],
    [
      "many references to much",
      { allOf: Array.from({ length: 20 }, () => ({ $ref: "#/definitions/w" })), definitions: { w: wide(40) } },
      false,
    ],
    ["deep nesting", deep(30), false],
  ] as const) {
    test(`${what} is ${expected ? "" : "not "}plain`, () => assert.equal(isPlain(schema), expected));
  }
});
