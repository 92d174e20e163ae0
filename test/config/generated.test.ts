import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Ajv } from "ajv";
import { parse } from "yaml";

import type { FieldSchema } from "../../gateway/config/schema/field.ts";

import { editorSchema } from "../../gateway/config/editor-schema.ts";
import { formatFinding } from "../../gateway/config/finding.ts";
import { loadConfig } from "../../gateway/config/load.ts";
import { configSchema } from "../../gateway/config/schema.ts";
import { requestRules, responseRules } from "../../docs/wire-rules.ts";
import { failureCodes } from "../../gateway/failures/codes.ts";
import { wireRules } from "../../gateway/http1/rules.ts";
import { requestShapes } from "../http1/request-shapes.ts";
import { responseShapes } from "../http1/response-shapes.ts";

const root = new URL("../../", import.meta.url);
const example = fileURLToPath(new URL("config/gateway.yaml", root));

function read(name: string): string {
  return readFileSync(new URL(name, root), "utf8");
}

test("the generated pages and the editor's schema are fresh", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL("docs/generate.ts", root)), "--check"],
    {
      encoding: "utf8",
    },
  );
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("the annotated example loads without a finding", () => {
  const result = loadConfig(example, { environment: {}, hostName: "h" });
  assert.deepEqual(("config" in result ? result.warnings : result.findings).map(formatFinding), []);
});

test("the example's first line leads editors to the schema", () => {
  assert.equal(read("config/gateway.yaml").split("\n", 1)[0], "# yaml-language-server: $schema=gateway.schema.json");
});

test("the editor's schema takes the example, substitutions included", () => {
  const validate = new Ajv({ strict: true, strictRequired: false }).compile(editorSchema());
  assert.ok(validate(parse(read("config/gateway.yaml"))), JSON.stringify(validate.errors));
});

test("the editor's schema refuses what the loader refuses", () => {
  const validate = new Ajv().compile(editorSchema());
  const upstreams = { orders: { targets: ["http://a"] } };
  const route = { id: "a", path: "/", upstream: "orders" };
  const withRoute = (more: object): object => ({ upstreams, routes: [{ ...route, ...more }] });
  assert.ok(validate(withRoute({})), JSON.stringify(validate.errors));
  for (const more of [
    { timout: "5s" },
    { timeout: "5" },
    { timeout: 5 },
    { request: { invalidStatus: 418 } },
    { weights: { a: 1 } },
  ]) {
    assert.ok(!validate(withRoute(more)), JSON.stringify(more));
  }
  assert.ok(!validate({ upstreams: {}, routes: [route] }));
  assert.ok(!validate({ upstreams, routes: [{ id: "a", path: "/" }] }));
});

test("every field of the schema has prose, in whole sentences", () => {
  const walk = (field: FieldSchema, path: string): void => {
    assert.match(field.description, /^[A-Z`].*\.$/, path);
    for (const [name, property] of Object.entries(field.properties ?? {})) walk(property, `${path}.${name}`);
    if (field.items !== undefined) walk(field.items, `${path}[]`);
    if (field.values !== undefined) walk(field.values, `${path}.*`);
  };
  walk(configSchema as unknown as FieldSchema, "config");
});

test("the failure page has a section for every code", () => {
  const page = read("docs/failures.md");
  for (const code of failureCodes) assert.ok(page.includes(`\n## ${code}\n`), code);
});

test("the page of wire rules has a row for every rule, with its text", () => {
  const page = read("docs/wire-rules.md");
  for (const [rule, text] of Object.entries(wireRules)) {
    assert.ok(page.includes(`| \`${rule}\` | ${text.replaceAll("|", "\\|")} |`), rule);
  }
});

test("a rule is told of requests or responses alone where no shape of the other breaks it", () => {
  // Bodies are decoded alike, and their rules have shapes in requests.
  const ofHeads = Object.keys(wireRules).filter((rule) => !/^(?:chunk|trailer)/.test(rule));
  const only = (mine: object, others: object): string[] => ofHeads.filter((rule) => rule in mine && !(rule in others));
  assert.deepEqual(only(requestShapes, responseShapes), [...requestRules]);
  assert.deepEqual(only(responseShapes, requestShapes), [...responseRules]);
});
