import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { parse as parseYaml } from "yaml";

import { pointerMembers } from "./pointer.ts";

/** A schema file, read. */
export interface SchemaDocument {
  readonly file: string;
  /** Absolute: its `$id`, resolved against the file's own address where that is relative, or else that address. */
  readonly uri: string;
  readonly schema: Readonly<Record<string, unknown>> | boolean;
  readonly draft: Draft;
}

export type Draft = "draft-07" | "2019-09" | "2020-12";

export const metaSchemas: Readonly<Record<Draft, string>> = {
  "draft-07": "http://json-schema.org/draft-07/schema",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};

/**
 * Reads a schema file, JSON or, by its name, YAML.
 *
 * @throws Error that says in words what is wrong: unreadable, not a schema, or of a draft that is not supported
 */
export function readSchemaDocument(file: string): SchemaDocument {
  const text = readFileSync(file, "utf8");
  const schema: unknown = /\.ya?ml$/i.test(file) ? parseYaml(text) : JSON.parse(text);
  const address = pathToFileURL(file).href;
  if (typeof schema === "boolean") return { file, uri: address, schema, draft: "draft-07" };
  if (!isObject(schema)) throw new Error("a schema is an object or a boolean");
  const draft = draftOf(schema["$schema"]);
  const id = schema["$id"];
  if (id === undefined) return { file, uri: address, schema, draft };
  if (typeof id !== "string" || !URL.canParse(id, address)) throw new Error("$id must be a URI reference");
  const uri = new URL(id, address).href.replace(/#$/, "");
  // Relative ids of files in different folders may be the same text; as absolute ones they stay apart.
  return { file, uri, schema: { ...schema, $id: uri }, draft };
}

function draftOf(declared: unknown): Draft {
  if (declared === undefined) return "draft-07";
  const name = typeof declared === "string" ? declared.replace(/^https?:/, "").replace(/#$/, "") : "";
  for (const draft of ["draft-07", "2019-09", "2020-12"] as const) {
    if (metaSchemas[draft].replace(/^https?:/, "") === name) return draft;
  }
  throw new Error("$schema names a draft that is not supported: draft-07, 2019-09 and 2020-12 are");
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What a reference within the file points at, by its fragment; undefined where it does not lead so far, or leads
 * through a schema for which `isForeign`.
 */
export function resolveLocal(root: unknown, reference: string, isForeign = (_schema: object) => false): unknown {
  if (!reference.startsWith("#")) return undefined;
  let found: unknown = root;
  for (const member of pointerMembers(decoded(reference.slice(1)))) {
    if (Array.isArray(found)) found = (found as unknown[])[Number(member)];
    else found = isObject(found) && Object.hasOwn(found, member) ? found[member] : undefined;
    if (isObject(found) && isForeign(found)) return undefined;
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
