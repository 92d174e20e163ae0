import type { Scalar } from "yaml";

import { resolve } from "node:path";

import type { ConfigDocument, Entry, Node, Path } from "./document.ts";
import type { FieldSchema } from "./schema/field.ts";
import type { Environment } from "./substitution.ts";
import type { SyntaxName } from "./syntax.ts";

import { measures, parseMeasure } from "./duration.ts";
import { nearestName } from "./nearest.ts";
import { substitute } from "./substitution.ts";
import { syntaxes } from "./syntax.ts";

/** A file that the configuration names. */
export interface FileReference {
  readonly file: string;
  readonly path: Path;
  readonly isSchema: boolean;
}

/** What reading goes by, and what it gathers. */
export interface Reading {
  readonly document: ConfigDocument;
  readonly environment: Environment;
  /** Folder that relative files start at. */
  readonly base: string;
  readonly files: FileReference[];
}

/** Where a value stands, and what it is read by. */
export interface Place {
  readonly path: Path;
  readonly reading: Reading;
}

/** What is wrong, as the end of a sentence that the written value begins, and what would be right. */
interface Fault {
  readonly fault: string;
  readonly hint?: string;
}

type Outcome = { readonly value: unknown } | Fault;

interface Written {
  readonly text: string;
  /** As YAML types it: number, boolean or text. */
  readonly typed: unknown;
}

/** The resolved value of a scalar; undefined, and reported, where it is faulty. */
export function readScalar(field: FieldSchema, node: Scalar & Node, { path, reading }: Place): unknown {
  const { document, environment } = reading;
  const source = String(node.source ?? node.value);
  const filled = substitute(source, environment);
  if ("fault" in filled) {
    const hint = filled.fault.startsWith("needs") ? "set it, or write a default: ${NAME:-default}" : "write $${ for ${";
    document.report(node, { path, message: filled.fault, hint });
    return undefined;
  }
  const { text, isWhole } = filled;
  const asWritten = source === text ? node.value : text;
  const outcome = interpret(field, { text, typed: isWhole ? typeAgain(text) : asWritten });
  if ("fault" in outcome) {
    // The source, not the text: what the environment holds may be a secret.
    document.report(node, { path, message: `${quote(source)} ${outcome.fault}`, hint: outcome.hint });
    return undefined;
  }
  if (field.syntax === undefined || syntaxes[field.syntax].isFile !== true) return outcome.value;
  const file = resolve(reading.base, text);
  reading.files.push({ file, path, isSchema: field.syntax === "schema-file" });
  return file;
}

/** Whether a key is of the syntax its record asks for; if not, that is reported at the key. */
export function isSoundName(syntax: SyntaxName, { name, key }: Entry, { path, reading }: Place): boolean {
  const outcome = interpretText(syntax, name);
  if (!("fault" in outcome)) return true;
  reading.document.report(key, { path, message: `${quote(name)} ${outcome.fault}`, hint: outcome.hint });
  return false;
}

function interpret(field: FieldSchema, written: Written): Outcome {
  if (field.unit !== undefined) return interpretMeasure(field, field.unit, written.text);
  if (field.enum !== undefined) return interpretChoice(field.enum, written.text);
  if (field.type === "boolean") {
    return typeof written.typed === "boolean" ? { value: written.typed } : { fault: "is neither true nor false" };
  }
  if (field.type === "integer") return interpretInteger(field, written);
  return interpretText(field.syntax ?? "any", written.text);
}

function interpretMeasure(field: FieldSchema, unit: keyof typeof measures, text: string): Outcome {
  const value = parseMeasure(unit, text);
  if (value === undefined) return { fault: `is no ${unit}`, hint: `expected ${measures[unit].expected}` };
  const least = parseMeasure(unit, String(field.minimum)) ?? 0;
  const most = parseMeasure(unit, String(field.maximum)) ?? Infinity;
  return value < least || value > most ? outOfBounds(field) : { value };
}

function interpretInteger(field: FieldSchema, { text, typed }: Written): Outcome {
  const { words = [], minimum = -Infinity, maximum = Infinity } = field;
  if (words.includes(text)) return { value: text };
  if (typeof typed !== "number" || !Number.isSafeInteger(typed)) {
    if (words.length > 0) return { fault: "is no integer", hint: `expected one, or ${words.join(", ")}` };
    return /^\d+$/.test(text) ? { fault: "is text", hint: "remove the quotes" } : { fault: "is no integer" };
  }
  return typed < Number(minimum) || typed > Number(maximum) ? outOfBounds(field) : { value: typed };
}

function interpretChoice(choices: readonly (string | number)[], text: string): Outcome {
  const found = choices.find((choice) => String(choice) === text);
  if (found !== undefined) return { value: found };
  const meant = nearestName(
    text,
    choices.filter((choice) => typeof choice === "string"),
  );
  const hint = meant === undefined ? "" : `did you mean '${meant}'? `;
  return { fault: "is not one of the choices", hint: `${hint}expected ${choices.join(", ")}` };
}

function interpretText(name: SyntaxName, text: string): Outcome {
  const syntax = syntaxes[name];
  const hint = `expected ${syntax.expected}`;
  if (syntax.pattern !== undefined && !new RegExp(syntax.pattern).test(text))
    return { fault: "is not allowed here", hint };
  const fault = syntax.fault?.(text);
  return fault === undefined ? { value: syntax.normalise?.(text) ?? text } : { fault, hint };
}

function outOfBounds({ minimum, maximum }: FieldSchema): Outcome {
  return { fault: "is out of bounds", hint: `expected ${minimum} to ${maximum}` };
}

function typeAgain(text: string): unknown {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

/** As written, cut, on one line, and without the credentials of a URL: findings end up in build logs. */
function quote(source: string): string {
  const bare = source.replace(/\/\/[^/]*@/, "//…@");
  const text = bare.length > 60 ? `${bare.slice(0, 60)}…` : bare;
  return `'${JSON.stringify(text).slice(1, -1)}'`;
}
