import type { SchemaDocument } from "./schema-document.ts";
import type { SchemaFinding } from "./schema-finding.ts";

import { compilePattern } from "./pattern/compile-pattern.ts";
import { UnsafePattern } from "./pattern/syntax.ts";
import { memberPointer } from "./pointer.ts";
import { isObject } from "./schema-document.ts";

/**
 * What in a schema file deserves a word though ajv has none for it: patterns in lax syntax, `uniqueItems` without a
 * bound. Broken patterns are errors, and those that could hold the event loop.
 */
export function reviewSchema({ file, schema }: SchemaDocument): SchemaFinding[] {
  const findings: SchemaFinding[] = [];
  const add = (pointer: string, severity: SchemaFinding["severity"], message: string): void => {
    findings.push({ file, pointer, severity, message });
  };
  visit(schema, "#", (node, pointer) => {
    if (typeof node["pattern"] === "string") reviewPattern(node["pattern"], memberPointer(pointer, "pattern"), add);
    if (isObject(node["patternProperties"])) {
      const parent = memberPointer(pointer, "patternProperties");
      for (const pattern of Object.keys(node["patternProperties"])) {
        reviewPattern(pattern, memberPointer(parent, pattern), add);
      }
    }
    if (node["uniqueItems"] === true && node["maxItems"] === undefined) {
      add(
        memberPointer(pointer, "uniqueItems"),
        "warning",
        "has no maxItems beside it: only maxSize bounds what is compared",
      );
    }
  });
  return findings;
}

/** Every `format`, with its place. */
export function formatsIn({ schema }: SchemaDocument): Array<[pointer: string, format: string]> {
  const formats: Array<[string, string]> = [];
  visit(schema, "#", (node, pointer) => {
    if (typeof node["format"] === "string") formats.push([memberPointer(pointer, "format"), node["format"]]);
  });
  return formats;
}

/** Where a keyword first stands; `#` where it does not. */
export function locateKeyword(schema: SchemaDocument["schema"], keyword: string): string {
  let found: string | undefined;
  visit(schema, "#", (node, pointer) => {
    if (found === undefined && Object.hasOwn(node, keyword)) found = memberPointer(pointer, keyword);
  });
  return found ?? "#";
}

/** Where a schema refers to an absolute URI; `#` where it cannot be told. */
export function locateReference({ schema, uri: base }: SchemaDocument, uri: string): string {
  let found: string | undefined;
  visit(schema, "#", (node, pointer) => {
    const reference = node["$ref"];
    if (found !== undefined || typeof reference !== "string") return;
    const isThis = reference === uri || (URL.canParse(reference, base) && new URL(reference, base).href === uri);
    if (isThis || uri.endsWith(reference)) found = memberPointer(pointer, "$ref");
  });
  return found ?? "#";
}

/** Whether a schema may refer to itself, or is so deep that ajv's recursion may end in an error. */
export function mayRecurse(schema: unknown, depth = 0): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  if (depth > maxDepth) return true;
  return Object.entries(schema).some(([name, member]) => references.has(name) || mayRecurse(member, depth + 1));
}

const references = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);
const maxDepth = 32;

type Add = (pointer: string, severity: SchemaFinding["severity"], message: string) => void;

function reviewPattern(pattern: string, pointer: string, add: Add): void {
  try {
    if (compilePattern(pattern).isLax) {
      add(pointer, "warning", "is a regular expression only without the u flag, and is read so");
    }
  } catch (error) {
    if (!(error instanceof UnsafePattern)) add(pointer, "error", "is not a regular expression");
    else add(pointer, "error", `cannot be run safely on a hostile text: ${error.message}`);
  }
}

/** Visits every object that may be a schema; keywords whose value is data are left out. */
function visit(
  value: unknown,
  pointer: string,
  review: (node: Readonly<Record<string, unknown>>, at: string) => void,
): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) visit(item, `${pointer}/${i}`, review);
  } else if (isObject(value)) {
    review(value, pointer);
    for (const [name, member] of Object.entries(value)) {
      if (!dataKeywords.has(name)) visit(member, memberPointer(pointer, name), review);
    }
  }
}

const dataKeywords = new Set(["const", "enum", "default", "examples"]);
