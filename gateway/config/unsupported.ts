import { isDeepStrictEqual } from "node:util";

import type { ConfigDocument, Path } from "./document.ts";
import type { Draft } from "./draft.ts";
import type { FieldSchema } from "./schema/field.ts";

import { standardOf } from "./read.ts";
import { configSchema } from "./schema.ts";

/**
 * Settings that are part of the contract and that this version does not act on. Setting one is an error: better
 * refused than silently ignored. A `value` narrows an entry to that one value; else any but the default counts.
 */
const notYetSupported: ReadonlyArray<{ readonly path: string; readonly value?: string }> = [
  { path: "upstreams.*.concurrency.limit", value: "knee" },
  { path: "upstreams.*.concurrency.min" },
  { path: "upstreams.*.concurrency.max" },
  { path: "routes.*.priority" },
];

/** Of the setting at a path such as `routes.*.retry`: whether it has no effect yet, or which value of it. */
export function unsupportedAt(path: string): { readonly value?: string } | undefined {
  return notYetSupported.find((entry) => entry.path === path);
}

export function refuseUnsupported(draft: Draft, document: ConfigDocument): void {
  for (const { path, value } of notYetSupported) {
    const steps = path.split(".");
    const standard = standardOf(fieldAt(steps));
    for (const place of expand(draft, steps)) {
      const isSet = value === undefined ? !isDeepStrictEqual(place.value, standard) : place.value === value;
      if (isSet && place.value !== undefined) document.reportAt(place.path, "not available in this version");
    }
  }
}

function fieldAt(steps: readonly string[]): FieldSchema {
  let field = configSchema as unknown as FieldSchema;
  for (const step of steps) {
    const next = step === "*" ? (field.items ?? field.values) : field.properties?.[step];
    if (next === undefined) throw new TypeError(`the schema has no ${steps.join(".")}`);
    field = next;
  }
  return field;
}

/** Every place of a value that the steps lead to, `*` standing for each member. */
function expand(value: unknown, steps: readonly string[], path: Path = []): { path: Path; value: unknown }[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [{ path, value }];
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .filter(([name]) => step === "*" || step === name)
    .flatMap(([name, member]) => expand(member, rest, [...path, isList ? Number(name) : name]));
}
