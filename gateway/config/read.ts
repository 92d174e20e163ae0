import type { YAMLMap, YAMLSeq } from "yaml";

import { isMap, isScalar, isSeq } from "yaml";

import type { Entry, Node } from "./document.ts";
import type { Place } from "./scalar.ts";
import type { FieldSchema } from "./schema/field.ts";

import { parseMeasure } from "./duration.ts";
import { adviseOnKey } from "./key-fault.ts";
import { isSoundName, readScalar } from "./scalar.ts";
import { isMandatory } from "./schema/field.ts";

/**
 * The resolved value of a node by its field's schema, defaults filled in. All faults are reported to the document;
 * a faulty value is undefined, so that what is sound around it can still be checked.
 */
export function readField(field: FieldSchema, node: Node | null, at: Place): unknown {
  const { document } = at.reading;
  const content = node === null ? null : document.follow(node, at.path);
  if (content === undefined) return undefined;
  if (content === null || (isScalar(content) && content.value === null)) {
    const hint = field.properties === undefined ? {} : { hint: "write {} for the defaults, or remove the key" };
    document.reportAt(at.path, "is empty", hint);
    return undefined;
  }
  if (field.properties !== undefined) {
    if (isMap(content)) return readBlock(field.properties, content, at);
    if (isScalar(content) && field.shorthand !== undefined) return readShorthand(field, content, at);
  } else if (field.values !== undefined) {
    if (isMap(content)) return readRecord(field, content, at);
  } else if (field.items !== undefined) {
    if (isSeq(content)) return readList(field, content, at);
  } else if (isScalar(content)) return readScalar(field, content, at);
  document.report(content, { path: at.path, message: `${kindOf(content)} where ${expectedKind(field)} is expected` });
  return undefined;
}

/** What a field resolves to where the file does not set it; undefined also for a mandatory one. */
function standardOf(field: FieldSchema): unknown {
  if (field.presence !== undefined) return undefined;
  if (field.unit !== undefined && typeof field.default === "string") return parseMeasure(field.unit, field.default);
  if (field.default !== undefined) return structuredClone(field.default);
  if (field.properties === undefined) return undefined;
  return mapProperties(field.properties, standardOf);
}

type Properties = NonNullable<FieldSchema["properties"]>;
type Entries = ReadonlyMap<string, Entry>;

function mapProperties(properties: Properties, map: (field: FieldSchema, name: string) => unknown): object {
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, map(field, name)]));
}

function below({ path, reading }: Place, step: string | number): Place {
  return { path: [...path, step], reading };
}

function readBlock(properties: Properties, map: YAMLMap & Node, at: Place): object {
  const { document } = at.reading;
  const entries: Entries = new Map(document.entries(map, at.path).map((entry) => [entry.name, entry]));
  const meant = reportUnknown(properties, entries, at);
  return mapProperties(properties, (field, name) => {
    const entry = entries.get(name);
    const place = below(at, name);
    if (entry !== undefined) return readField(field, entry.value, place);
    const isMissing = field.unless === undefined ? isMandatory(field) : !entries.has(field.unless);
    if (isMissing && !meant.has(name)) document.report(map, { path: place.path, message: "is missing" });
    return standardOf(field);
  });
}

/** Answers the keys that the unknown ones were probably meant to be: those are not missing as well. */
function reportUnknown(properties: Properties, entries: Entries, at: Place): Set<string> {
  const names = Object.keys(properties);
  const meant = new Set<string>();
  for (const { name, key } of entries.values()) {
    if (Object.hasOwn(properties, name)) continue;
    const advice = adviseOnKey(name, names);
    if (advice.meant !== undefined) meant.add(advice.meant);
    at.reading.document.report(key, { path: [...at.path, name], message: "unknown key", hint: advice.hint });
  }
  return meant;
}

function readShorthand(field: FieldSchema, node: Node, at: Place): object {
  return mapProperties(field.properties ?? {}, (property, name) =>
    name === field.shorthand ? readField(property, node, at) : standardOf(property),
  );
}

function readRecord(field: FieldSchema, map: YAMLMap & Node, at: Place): object {
  const { values, names = "any", minProperties = 0 } = field;
  const { document } = at.reading;
  const entries = document.entries(map, at.path);
  if (entries.length < minProperties) document.report(map, { path: at.path, message: "has no entry" });
  const pairs: [string, unknown][] = [];
  for (const entry of entries) {
    const place = below(at, entry.name);
    const isSound = isSoundName(names, entry, place);
    const content = values === undefined ? undefined : readField(values, entry.value, place);
    if (isSound) pairs.push([entry.name, content]);
  }
  // Own properties, whatever their name: a header may be called __proto__.
  return Object.fromEntries(pairs);
}

function readList(field: FieldSchema, list: YAMLSeq & Node, at: Place): unknown[] {
  const { items, minItems = 0, maxItems = Infinity } = field;
  const { document } = at.reading;
  if (list.items.length < minItems) document.report(list, { path: at.path, message: "has no entry" });
  if (list.items.length > maxItems)
    document.report(list, { path: at.path, message: `has more than ${maxItems} entries` });
  const nodes = items === undefined ? [] : list.items.slice(0, maxItems);
  return nodes.map((node, index) => items && readField(items, node as Node, below(at, index)));
}

function kindOf(node: Node): string {
  if (isMap(node)) return "a block of keys";
  return isSeq(node) ? "a list" : "a single value";
}

function expectedKind({ type }: FieldSchema): string {
  if (type === "object") return "a block of keys";
  return type === "array" ? "a list" : "a single value";
}
