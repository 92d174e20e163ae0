import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { Paper } from "./paper.ts";

import { check } from "../../gateway/commands/check.ts";
import { paper } from "./paper.ts";

const folder = mkdtempSync(join(tmpdir(), "statuswise-check-"));
after(() => rmSync(folder, { recursive: true }));

const sound =
  "upstreams: { orders: { targets: [http://127.0.0.1:9001] } }\nroutes: [{ id: all, path: /*, upstream: orders }]\n";

interface Run {
  readonly code: number;
  readonly page: Paper;
}

async function run(text: string, flags: { strict?: boolean; json?: boolean } = {}): Promise<Run> {
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, text);
  const page = paper();
  const { strict = false, json = false } = flags;
  const surroundings = { ...page, environment: {}, hostName: "h" };
  return { code: check({ config: file, strict, json }, surroundings), page };
}

test("a sound configuration is exit 0, with its routes and a verdict", async () => {
  const { code, page } = await run(sound);
  assert.equal(code, 0);
  assert.deepEqual(page.lines.slice(0, 3), [
    "ROUTE  METHODS  PATH  UPSTREAM  TIMEOUT",
    "all    any      /*    orders    15s",
    "",
  ]);
  assert.match(page.lines.at(-1) ?? "", /gateway\.yaml: sound, no errors, no warnings$/);
});

test("errors are exit 2, each on a line with its place", async () => {
  const { code, page } = await run(`${sound}nmae: x\nlisten: { port: -1 }`);
  assert.equal(code, 2);
  assert.match(page.lines[0] ?? "", /gateway\.yaml:3:1: nmae: unknown key; did you mean 'name'\?$/);
  assert.match(page.lines[1] ?? "", /gateway\.yaml:4:17: listen\.port: '-1' is out of bounds; expected 0 to 65535$/);
  assert.match(page.lines.at(-1) ?? "", /: refused, 2 errors, no warnings$/);
});

const warned = sound.replace("9001] }", "9001] }, old: { targets: [http://127.0.0.1:9002] }");

test("warnings are exit 0, and 1 under --strict", async () => {
  const lenient = await run(warned);
  const strict = await run(warned, { strict: true });
  assert.deepEqual([lenient.code, strict.code], [0, 1]);
  assert.match(lenient.page.lines[0] ?? "", /gateway\.yaml:1:\d+: warning: upstreams\.old: is used by no route$/);
});

test("timeouts that do not fit each other are warnings among the others, in the order of the file", async () => {
  const misaligned = `listen: { drain: { deadline: 10s } }\n${warned}`;
  const lenient = await run(misaligned);
  const strict = await run(misaligned, { strict: true });
  assert.deepEqual([lenient.code, strict.code], [0, 1]);
  const [first = "", second = ""] = lenient.page.lines;
  assert.match(first, /gateway\.yaml:1:30: warning: listen\.drain\.deadline: drain deadline ≥ longest route timeout /);
  assert.match(first, /does not hold: 10s ≥ 15s \[listen\.drain\.deadline at \S+gateway\.yaml:1:30, /);
  assert.match(first, / routes\[0\]\.timeout \(default\)\], so .+; set listen\.drain\.deadline to at least 15s$/);
  assert.match(second, /gateway\.yaml:2:\d+: warning: upstreams\.old: is used by no route$/);
  assert.match(lenient.page.lines.at(-1) ?? "", /: sound, no errors, 2 warnings$/);
});

test("--json prints one object with the same findings", async () => {
  const { code, page } = await run(`${sound}nmae: x`, { json: true });
  assert.equal(code, 2);
  const report = JSON.parse(page.lines.join("\n")) as {
    errors: number;
    warnings: number;
    findings: object[];
    file: string;
  };
  assert.deepEqual(report, {
    file: join(folder, "gateway.yaml"),
    errors: 1,
    warnings: 0,
    findings: [
      {
        file: join(folder, "gateway.yaml"),
        line: 3,
        column: 1,
        path: "nmae",
        severity: "error",
        message: "unknown key",
        hint: "did you mean 'name'?",
      },
    ],
  });
});

const validated =
  "upstreams: { orders: { targets: [http://127.0.0.1:9001] } }\n" +
  "routes: [{ id: all, path: /*, upstream: orders, request: { body: { schema: order.json } } }]\n";

test("what the schema compiler finds is placed in the schema's file", async () => {
  const file = join(folder, "order.json");
  writeFileSync(file, '{\n  "properties": {\n    "a/b": { "type": "strin" }\n  }\n}\n');
  const { code, page } = await run(validated);
  assert.equal(code, 2);
  assert.match(page.lines[0] ?? "", /order\.json:3:22: properties\["a\/b"\]\.type: /);
  assert.match(page.lines.at(-1) ?? "", /: refused, 1 error, /);
});

test("schemas are not looked at while the configuration has errors", async () => {
  writeFileSync(join(folder, "order.json"), '{ "type": "strin" }');
  const { code, page } = await run(`${validated}nmae: x`);
  assert.equal(code, 2);
  assert.equal(page.lines.filter((line) => line.includes("order.json")).length, 0);
});

test("a file that cannot be read is exit 2, in one line", async () => {
  const page = paper();
  const options = { config: join(folder, "nowhere.yaml"), strict: false, json: false };
  assert.equal(check(options, { ...page, environment: {}, hostName: "h" }), 2);
  assert.equal(page.lines[0], `${options.config}: cannot be read (ENOENT)`);
});

test("the annotated example is sound even under --strict", async () => {
  const page = paper();
  const config = fileURLToPath(new URL("../../config/gateway.yaml", import.meta.url));
  assert.equal(check({ config, strict: true, json: false }, { ...page, environment: {}, hostName: "h" }), 0);
});
