import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import type { FieldSchema } from "../../gateway/config/schema/field.ts";

import { formatFinding } from "../../gateway/config/finding.ts";
import { configSchema } from "../../gateway/config/schema.ts";
import { soundFile } from "./file-arbitrary.ts";
import { loadText } from "./load-text.ts";

const root = configSchema as unknown as FieldSchema;
const files = { "schema.json": "{}", "file.pem": "" };
const seed = Date.now() % 2 ** 31;

test(`every sound file loads, without a finding (seed ${seed})`, () => {
  fc.assert(
    fc.property(soundFile, (file) => {
      const result = loadText(JSON.stringify(file), { files });
      const findings = "config" in result ? result.warnings : result.findings;
      assert.deepEqual(findings.map(formatFinding), []);
    }),
    { numRuns: 150, seed },
  );
});

interface Key {
  readonly path: readonly (string | number)[];
  readonly siblings: readonly string[];
}

/** The keys of a file that the schema names, as opposed to names the operator chose. */
function keysOf(field: FieldSchema, value: unknown, path: Key["path"] = []): Key[] {
  if (typeof value !== "object" || value === null) return [];
  const { properties, items, values } = field;
  return Object.entries(value).flatMap(([name, member]) => {
    const place = [...path, Array.isArray(value) ? Number(name) : name];
    const inner = properties?.[name] ?? items ?? values;
    const below = inner === undefined ? [] : keysOf(inner, member, place);
    const own: Key[] = properties === undefined ? [] : [{ path: place, siblings: Object.keys(properties) }];
    return own.concat(below);
  });
}

function rename(value: unknown, path: Key["path"], to: string): unknown {
  const [step, ...rest] = path;
  if (Array.isArray(value))
    return value.map((member: unknown, index) => (index === step ? rename(member, rest, to) : member));
  const entries = Object.entries(value as object).map(([name, member]: [string, unknown]) => {
    if (name !== step) return [name, member];
    return rest.length === 0 ? [to, member] : [name, rename(member, rest, to)];
  });
  return Object.fromEntries(entries);
}

function misspell(word: string, at: number, how: "drop" | "double" | "swap"): string {
  const index = at % word.length;
  const letter = word[index] ?? "";
  if (how === "drop") return word.slice(0, index) + word.slice(index + 1);
  if (how === "double") return word.slice(0, index) + letter + word.slice(index);
  return word.slice(0, index) + (word[index + 1] ?? "") + letter + word.slice(index + 2);
}

test(`every misspelling of a key is found where it stands, and the key named (seed ${seed})`, () => {
  const how = fc.constantFrom("drop" as const, "double" as const, "swap" as const);
  fc.assert(
    fc.property(soundFile, fc.record({ which: fc.nat(), at: fc.nat({ max: 40 }), kind: how }), (file, slip) => {
      const { which, at, kind } = slip;
      const keys = keysOf(root, file);
      const { path, siblings } = keys[which % keys.length]!;
      const written = String(path.at(-1));
      const word = misspell(written, at, kind);
      fc.pre(!siblings.includes(word) && word.length > 1);
      const text = JSON.stringify(rename(file, path, word), null, 2);
      const result = loadText(text, { files });
      assert.ok("findings" in result, "it loaded");
      const found = result.findings.find((finding) => finding.message === "unknown key");
      assert.ok(found, result.findings.map(formatFinding).join("\n"));
      const line = text.split("\n")[found.line - 1] ?? "";
      assert.ok(line.slice(found.column - 1).startsWith(`"${word}":`), formatFinding(found));
      assert.match(found.hint ?? "", /^did you mean '|^'\w+' belongs in |^known here: /);
    }),
    { numRuns: 200, seed },
  );
});
