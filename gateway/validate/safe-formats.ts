import type { Format } from "ajv";
import type AjvCore from "ajv/dist/core.js";

import addFormats from "ajv-formats";

import type { CompiledPattern } from "./pattern/compile-pattern.ts";

import { compileExpression, isPattern, maxPatternLength } from "./pattern/compile-pattern.ts";
import { workMeter } from "./work-meter.ts";

/**
 * Adds the formats of ajv-formats, none of which a hostile text can hold up: their regular expressions (that of `url`
 * takes half a second for 20 KB) run like those of schemas, and what a function costs is counted.
 */
export function addSafeFormats(ajv: AjvCore.default): void {
  addFormats.default(ajv);
  for (const [name, format] of Object.entries(ajv.formats)) {
    if (format !== undefined) ajv.addFormat(name, safe(format));
  }
  ajv.addFormat("regex", (text: string) => {
    workMeter.charge(workOfRegex(text));
    return isPattern(text);
  });
}

/** V8 expands each `\p{…}` to its character ranges, and merges those of a class one by one. */
function workOfRegex(text: string): number {
  const properties = text.length > maxPatternLength ? 0 : text.split(/\\p/i).length - 1;
  return workPerRegex + workPerRegexCharacter * Math.min(text.length, maxPatternLength) + workPerProperty * properties;
}

function safe(format: Format): Format {
  const known = safeFormats.get(format);
  if (known !== undefined) return known;
  const made = makeSafe(format);
  safeFormats.set(format, made);
  return made;
}

function makeSafe(format: Format): Format {
  if (format instanceof RegExp) {
    // Most schemas use few formats.
    let compiled: CompiledPattern | undefined;
    return (text) => (compiled ??= compileExpression(format)).test(text);
  }
  if (typeof format === "function") return counted(format);
  if (typeof format === "object" && typeof format.validate === "function" && format.type !== "number") {
    return { ...format, validate: counted(format.validate as (text: string) => boolean) } as Format;
  }
  return format;
}

function counted(validate: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    workMeter.charge(workPerCharacter * text.length);
    return validate(text) === true;
  };
}

/** ajv-formats shares its formats between instances: so do we. */
const safeFormats = new Map<Format, Format>();
const workPerCharacter = 4;
const workPerRegex = 2000;
const workPerRegexCharacter = 10;
const workPerProperty = 40_000;
