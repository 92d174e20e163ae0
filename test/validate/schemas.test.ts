import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import type { ValidationError } from "../../gateway/failures/failure.ts";

import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";
import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { bodyErrors, parameterErrors } from "../../gateway/validate/validation-errors.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "statuswise-schemas-"));
});
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: unknown, name = `schema-${++files}.json`): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function compile(content: unknown, registered: string[] = []) {
  const compiler = new SchemaCompiler(registered);
  return { check: compiler.compile(write(content)), findings: compiler.findings };
}

function errorsOf(content: unknown, value: unknown, bytes = 0): ValidationError[] {
  const { check } = compile(content);
  assert.ok(check);
  return bodyErrors(findErrors(check, value, bytes));
}

describe("errors", () => {
  const order = {
    type: "object",
    required: ["id", "lines"],
    additionalProperties: false,
    properties: {
      id: { type: "string", pattern: "^[a-z]+$", maxLength: 8 },
      "a/b~c é": { type: "integer" },
      lines: {
        type: "array",
        minItems: 1,
        items: {
          type: "object",
          required: ["sku"],
          properties: { sku: { type: "string" }, quantity: { type: "integer", minimum: 1, maximum: 100 } },
        },
      },
    },
  };
  const cases: Array<[string, unknown, Array<[string, string, string]>]> = [
    ["the whole", [], [["#", "type", "must be an object"]]],
    ["a missing member", { lines: [{ sku: "a" }] }, [["#/id", "required", "is required"]]],
    ["a missing member further down", { id: "a", lines: [{}] }, [["#/lines/0/sku", "required", "is required"]]],
    [
      "a member too many",
      { id: "a", lines: [{ sku: "a" }], "x y": 1 },
      [["#/x%20y", "additionalProperties", "is not allowed"]],
    ],
    [
      "a name to be escaped",
      { id: "a", lines: [{ sku: "a" }], "a/b~c é": "1" },
      [["#/a~1b~0c%20%C3%A9", "type", "must be an integer"]],
    ],
    [
      "a wrong type with bounds",
      { id: "a", lines: [{ sku: "a", quantity: "1" }] },
      [["#/lines/0/quantity", "type", "must be an integer >= 1 and <= 100"]],
    ],
    [
      "a value out of bounds",
      { id: "a", lines: [{ sku: "a", quantity: 0 }] },
      [["#/lines/0/quantity", "minimum", "must be an integer >= 1 and <= 100"]],
    ],
    ["too few items", { id: "a", lines: [] }, [["#/lines", "minItems", "must have at least 1 item"]]],
    [
      "a text too long and of the wrong form",
      { id: "ABCDEFGHI", lines: [{ sku: "a" }] },
      [
        ["#/id", "maxLength", "must have at most 8 characters"],
        ["#/id", "pattern", "must have the form that the schema's pattern describes"],
      ],
    ],
  ];
  for (const [what, value, expected] of cases) {
    test(`point at ${what}`, () => {
      const told = errorsOf(order, value).map(({ pointer, keyword, detail }) => [pointer, keyword, detail]);
      assert.deepEqual(told, expected);
    });
  }

  test("are at most twenty, and one for a value of more than 16 KiB", () => {
    const numbers = { type: "array", items: { type: "string" } };
    const value = Array.from({ length: 50 }, (_, i) => i);
    assert.equal(errorsOf(numbers, value, 16 * 1024).length, 20);
    assert.equal(errorsOf(numbers, value, 16 * 1024 + 1).length, 1);
  });

  test("never hold a value, and bound the names that came with the request", () => {
    const secret = "s3cr3t-value";
    const name = "n".repeat(5000);
    const schema = {
      type: "object",
      properties: { a: { enum: [1] }, b: { format: "email" }, c: { const: 2 }, d: { type: "null" } },
      additionalProperties: false,
    };
    const text = JSON.stringify(errorsOf(schema, { a: secret, b: secret, c: secret, d: secret, [name]: secret }));
    assert.ok(!text.includes(secret));
    assert.ok(text.length < 1000);
  });

  test("a lone surrogate in a name does not break the pointer", () => {
    assert.equal(errorsOf({ additionalProperties: false }, { "\ud800#": 1 })[0]?.pointer, "#/%EF%BF%BD%23");
  });

  test("of a member's name point at the member", () => {
    const [error] = errorsOf({ propertyNames: { maxLength: 2 } }, { abc: 1 });
    assert.equal(error?.pointer, "#/abc");
  });

  test("of parameters name the parameter", () => {
    const { check } = compile({
      required: ["limit"],
      properties: { ids: { type: "array", items: { type: "integer" } } },
      additionalProperties: false,
    });
    assert.ok(check);
    assert.deepEqual(
      parameterErrors(findErrors(check, { ids: ["x"], extra: "" }, 0)).map(({ parameter, detail }) => [
        parameter,
        detail,
      ]),
      [
        ["limit", "is required"],
        ["extra", "is not allowed"],
        ["ids", "must be an integer"],
      ],
    );
  });

  test("have words for every keyword of the drafts", () => {
    const words: Array<[Record<string, unknown>, unknown]> = [
      [{ exclusiveMinimum: 1 }, 1],
      [{ exclusiveMaximum: 1 }, 1],
      [{ multipleOf: 2 }, 1],
      [{ dependentRequired: { a: ["b"] } }, { a: 1 }],
      [{ dependencies: { a: ["b"] } }, { a: 1 }],
      [{ unevaluatedProperties: false }, { a: 1 }],
      [{ unevaluatedItems: false }, [1]],
      [{ properties: { a: false } }, { a: 1 }],
      [{ enum: [1] }, 2],
      [{ const: 1 }, 2],
      [{ minLength: 2 }, "a"],
      [{ maxItems: 0 }, [1]],
      [{ prefixItems: [{}], items: false }, [1, 2]],
      [{ minProperties: 1 }, {}],
      [{ maxProperties: 0 }, { a: 1 }],
      [{ uniqueItems: true }, [1, 1]],
      [{ contains: { const: 1 } }, []],
      [{ format: "email" }, "x"],
      [{ anyOf: [{ const: 1 }] }, 2],
      [{ oneOf: [{}, {}] }, 2],
      [{ not: {} }, 2],
      [{ if: false, else: { const: 1 } }, 2],
      [{ type: ["string", "null"] }, 2],
    ];
    for (const [schema, value] of words) {
      const errors = errorsOf({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema }, value);
      assert.ok(errors.length > 0, JSON.stringify(schema));
      for (const { detail } of errors)
        assert.match(detail, /^(must|is|has) (?!.*(undefined|some ))/, JSON.stringify(schema));
    }
  });
});

describe("drafts", () => {
  test("draft-07 is read where no $schema is declared: $ref hides what stands beside it", () => {
    const schema = {
      definitions: { a: { type: "integer" } },
      properties: { x: { $ref: "#/definitions/a" } },
      items: [{ type: "string" }],
    };
    assert.equal(errorsOf(schema, [1]).length, 1);
  });

  test("2019-09 knows unevaluatedProperties, 2020-12 prefixItems and $dynamicRef", () => {
    const old = {
      $schema: "https://json-schema.org/draft/2019-09/schema",
      allOf: [{ properties: { a: {} } }],
      unevaluatedProperties: false,
    };
    assert.deepEqual(errorsOf(old, { a: 1, b: 1 })[0]?.pointer, "#/b");
    const recent = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      prefixItems: [{ type: "string" }],
      items: false,
    };
    assert.equal(errorsOf(recent, ["a"]).length, 0);
    assert.equal(errorsOf(recent, ["a", "b"]).length, 1);
  });

  for (const uri of [
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-07/schema",
  ]) {
    test(`${uri} is draft-07`, () => assert.deepEqual(compile({ $schema: uri, type: "object" }).findings, []));
  }

  test("another draft is an error of its own file", () => {
    const { check, findings } = compile({ $schema: "http://json-schema.org/draft-04/schema#" });
    assert.equal(check, undefined);
    assert.match(findings[0]?.message ?? "", /draft/);
    assert.equal(findings[0]?.severity, "error");
  });
});

describe("references", () => {
  test("go to files beside the schema, and on from there", () => {
    write({ type: "integer", maximum: 5 }, "beside/types/small.json");
    write(
      { definitions: { line: { type: "object", properties: { quantity: { $ref: "types/small.json" } } } } },
      "beside/common.json",
    );
    const file = write({ type: "array", items: { $ref: "common.json#/definitions/line" } }, "beside/order.json");
    const compiler = new SchemaCompiler([]);
    const check = compiler.compile(file);
    assert.deepEqual(compiler.findings, []);
    assert.ok(check);
    assert.equal(bodyErrors(findErrors(check, [{ quantity: 6 }], 0))[0]?.pointer, "#/0/quantity");
  });

  test("go beside the schema too where $id says that it lives elsewhere", () => {
    write({ type: "string" }, "elsewhere/name.json");
    const file = write(
      { $id: "https://schemas.test/v1/order.json", properties: { name: { $ref: "name.json" } } },
      "elsewhere/order.json",
    );
    const compiler = new SchemaCompiler([]);
    const check = compiler.compile(file);
    assert.ok(check, JSON.stringify(compiler.findings));
    assert.equal(findErrors(check, { name: 1 }, 0).length, 1);
  });

  test("go by $id to registered schemas, never to the network", () => {
    const money = write({ $id: "https://schemas.test/money", type: "integer" });
    const schema = { properties: { price: { $ref: "https://schemas.test/money" } } };
    const { check } = compile(schema, [money]);
    assert.ok(check);
    assert.equal(findErrors(check, { price: "1" }, 0).length, 1);
    const without = compile(schema);
    assert.equal(without.check, undefined);
    assert.match(without.findings[0]?.message ?? "", /can't resolve reference https:\/\/schemas\.test\/money/);
  });

  test("same relative $id in different folders are different schemas", () => {
    const first = write({ $id: "item.json", type: "string" }, "one/item.json");
    const second = write({ $id: "item.json", type: "integer" }, "two/item.json");
    const compiler = new SchemaCompiler([]);
    const checks = [compiler.compile(first), compiler.compile(second)];
    assert.deepEqual(compiler.findings, []);
    assert.deepEqual(
      checks.map((check) => check?.quick("x")),
      [true, false],
    );
  });

  test("may go round in a circle through the value, across files", () => {
    write({ type: "object", properties: { child: { $ref: "b.json" } } }, "circle/a.json");
    const file = write(
      { type: "object", properties: { child: { $ref: "a.json" } }, additionalProperties: false },
      "circle/b.json",
    );
    const compiler = new SchemaCompiler([]);
    const check = compiler.compile(file);
    assert.deepEqual(compiler.findings, []);
    assert.ok(check);
    assert.equal(bodyErrors(findErrors(check, { child: { child: { x: 1 } } }, 0))[0]?.pointer, "#/child/child/x");
  });

  test("that go round in a circle without the value are an error", () => {
    const { check, findings } = compile({ anyOf: [{ $ref: "#" }] });
    assert.equal(check, undefined);
    assert.match(findings.at(-1)?.message ?? "", /without end/);
  });

  test("a registered schema needs an $id of its own", () => {
    const simulation = { $id: "https://schemas.test/simulation" };
    const compiler = new SchemaCompiler([write({}), write(simulation), write(simulation)]);
    assert.deepEqual(
      compiler.findings.map(({ severity, message }) => [severity, message]),
      [
        ["error", "has no $id, and so cannot be registered by it"],
        ["error", "has the $id of another file"],
      ],
    );
  });
});

describe("findings", () => {
  test("a schema that cannot be compiled names itself, and stops no other", () => {
    const compiler = new SchemaCompiler([]);
    const broken = [
      write("{"),
      write("[]"),
      write({ type: "objekt" }),
      write({ $ref: "#/nowhere" }),
      write({ $async: true }),
      join(folder, "absent.json"),
    ];
    for (const file of broken) assert.equal(compiler.compile(file), undefined);
    assert.deepEqual(
      compiler.findings
        .filter(({ severity }) => severity === "error")
        .map(({ file }) => file)
        .filter((file, i, all) => all.indexOf(file) === i),
      broken,
    );
    assert.ok(compiler.compile(write({ type: "object" })));
  });

  test("an error of the schema has the pointer of its place", () => {
    const { findings } = compile({ properties: { a: { type: "objekt" }, "b c": { minimum: "1" } } });
    const places = new Set(findings.map(({ pointer }) => pointer));
    assert.deepEqual([...places], ["#/properties/a/type", "#/properties/b c/minimum"]);
  });

  test("real schemas load: what ajv finds strict fault with are warnings", () => {
    const { check, findings } = compile({
      properties: { a: { type: "string", format: "shoe-size", "x-internal": true }, b: { items: {}, pattern: "x" } },
    });
    assert.ok(check);
    assert.ok(findings.every(({ severity }) => severity === "warning"));
    const told = findings.map(({ pointer, message }) => `${pointer} ${message}`);
    assert.ok(
      told.some((line) => line.startsWith("#/properties/a/format ")),
      told.join("\n"),
    );
    assert.ok(
      told.some((line) => line.startsWith("#/properties/a/x-internal ")),
      told.join("\n"),
    );
    assert.ok(
      told.some((line) => line.startsWith("# ") && line.includes('missing type "object"')),
      told.join("\n"),
    );
  });

  test("patterns that cannot be run safely, and broken ones, are errors with their place", () => {
    const { check, findings } = compile({
      type: "object",
      properties: { a: { type: "string", pattern: "^(a+)b\\1+$" }, pattern: { type: "string" } },
      patternProperties: { "(a*)\\1": {} },
      propertyNames: { pattern: "(a" },
      default: { pattern: "(" },
    });
    assert.equal(check, undefined);
    assert.deepEqual(
      findings.map(({ pointer, severity, message }) => [pointer, severity, message.split(":")[0]]),
      [
        ["#/patternProperties/(a*)\\1", "error", "cannot be run safely on a hostile text"],
        ["#/properties/a/pattern", "error", "cannot be run safely on a hostile text"],
        ["#/propertyNames/pattern", "error", "is not a regular expression"],
      ],
    );
  });

  test("patterns with large repeats and lookaheads load without a word", () => {
    const { check, findings } = compile({
      type: "object",
      properties: { a: { type: "string", pattern: "^(?=.*\\d)(?=.*[A-Z]).{8,4000}$" } },
      patternProperties: { "^x{1,2000}$": {} },
    });
    assert.ok(check);
    assert.deepEqual(findings, []);
  });

  for (const [what, schema, pointer, message] of [
    ["type", { properties: { a: { type: "objekt" } } }, "#/properties/a/type", /allowed values: array, boolean/],
    ["required", { required: "a" }, "#/required", /array/],
    ["minimum", { items: { minimum: "1" } }, "#/items/minimum", /number/],
    ["additionalProperties", { additionalProperties: "no" }, "#/additionalProperties", /object,boolean/],
    ["$ref", { properties: { a: { $ref: "absent.json" } } }, "#/properties/a/$ref", /absent\.json/],
    ["fragment", { items: { $ref: "#/definitions/absent" } }, "#/items/$ref", /absent/],
  ] as const) {
    for (const $schema of [
      undefined,
      "https://json-schema.org/draft/2019-09/schema",
      "https://json-schema.org/draft/2020-12/schema",
    ]) {
      test(`one fault is one finding: ${what} under ${$schema ?? "draft-07"}`, () => {
        const { check, findings } = compile($schema === undefined ? schema : { $schema, ...schema });
        assert.equal(check, undefined);
        const errors = findings.filter(({ severity }) => severity === "error");
        assert.deepEqual(
          errors.map((finding) => finding.pointer),
          [pointer],
        );
        assert.match(errors[0]?.message ?? "", message);
      });
    }
  }

  test("uniqueItems without maxItems is a warning", () => {
    const { findings } = compile({ type: "array", uniqueItems: true });
    assert.deepEqual(
      findings.map(({ pointer, severity }) => [pointer, severity]),
      [["#/uniqueItems", "warning"]],
    );
  });
});

test("a schema may be written in YAML", () => {
  const compiler = new SchemaCompiler([]);
  const check = compiler.compile(write("type: object\nrequired: [id]\n", "order.yaml"));
  assert.ok(check);
  assert.equal(check.quick({}), false);
});

test("validation changes no value: no defaults, no coercion, no removal", () => {
  const { check } = compile({ properties: { a: { default: 1 }, b: { type: "integer" } }, additionalProperties: false });
  assert.ok(check);
  const value = { b: "5", c: 1 };
  assert.equal(findErrors(check, value, 0).length, 2);
  assert.deepEqual(value, { b: "5", c: 1 });
});

test("inherited names are no members: constructor is missing where it was not sent", () => {
  assert.equal(errorsOf({ required: ["constructor", "toString"] }, {}).length, 2);
});

describe("each draft refers", () => {
  const drafts = {
    "draft-07": { $schema: "http://json-schema.org/draft-07/schema#", definitions: "definitions" },
    "2019-09": { $schema: "https://json-schema.org/draft/2019-09/schema", definitions: "$defs" },
    "2020-12": { $schema: "https://json-schema.org/draft/2020-12/schema", definitions: "$defs" },
  };
  for (const [draft, { $schema, definitions }] of Object.entries(drafts)) {
    test(`within the file, to a file beside it, and by $id (${draft})`, () => {
      const beside = `beside-${draft}.json`;
      const $id = `https://schemas.example.com/${draft}/money`;
      write({ $schema, [definitions]: { word: { type: "string", pattern: "^\\w+$" } } }, beside);
      const money = write({ $schema, $id, type: "integer", minimum: 0 });
      const { check, findings } = compile(
        {
          $schema,
          type: "object",
          properties: {
            within: { $ref: `#/${definitions}/flag` },
            beside: { $ref: `${beside}#/${definitions}/word` },
            registered: { $ref: $id },
          },
          [definitions]: { flag: { type: "boolean" } },
        },
        [money],
      );
      assert.deepEqual(findings, []);
      assert.ok(check);
      assert.deepEqual(findErrors(check, { within: true, beside: "a", registered: 1 }, 0), []);
      const errors = bodyErrors(findErrors(check, { within: 1, beside: "-", registered: -1 }, 0));
      assert.deepEqual(
        new Set(errors.map(({ pointer }) => pointer)),
        new Set(["#/beside", "#/registered", "#/within"]),
      );
    });
  }

  test("2020-12: $dynamicRef goes to the outermost anchor", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $dynamicAnchor: "node",
      type: "object",
      properties: { children: { type: "array", items: { $dynamicRef: "#node" } } },
      unevaluatedProperties: false,
    };
    assert.deepEqual(errorsOf(schema, { children: [{ children: [] }] }), []);
    assert.equal(errorsOf(schema, { children: [{ x: 1 }] })[0]?.pointer, "#/children/0/x");
  });

  test("2019-09: $recursiveRef, unevaluatedItems, dependentSchemas and minContains", () => {
    const $schema = "https://json-schema.org/draft/2019-09/schema";
    const tree = { $schema, $recursiveAnchor: true, type: "object", additionalProperties: { $recursiveRef: "#" } };
    assert.equal(errorsOf(tree, { a: { b: {} } }).length, 0);
    assert.equal(errorsOf(tree, { a: { b: 1 } })[0]?.pointer, "#/a/b");
    assert.equal(errorsOf({ $schema, items: [{}], unevaluatedItems: false }, [1, 2]).length, 1);
    assert.equal(errorsOf({ $schema, dependentSchemas: { a: { required: ["b"] } } }, { a: 1 })[0]?.pointer, "#/b");
    assert.equal(errorsOf({ $schema, contains: { const: 1 }, minContains: 2 }, [1]).length, 1);
  });

  test("a file that is broken is told of once, and does not stop the report of the next", () => {
    write({ type: "strin" }, "broken-beside.json");
    const compiler = new SchemaCompiler([]);
    const written = [write({ $ref: "broken-beside.json" }), write({ type: "nope" }), write({ type: "object" })];
    assert.deepEqual(
      written.map((file) => compiler.compile(file) !== undefined),
      [false, false, true],
    );
    const errors = compiler.findings.filter(({ severity }) => severity === "error");
    assert.ok(errors.some(({ file, pointer }) => file.endsWith("broken-beside.json") && pointer === "#/type"));
    assert.ok(errors.some(({ file, pointer }) => file === written[1] && pointer === "#/type"));
  });
});
