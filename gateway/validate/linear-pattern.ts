import { RE2JS } from "re2js";

import { translatePattern } from "./pattern-translation.ts";

/** A compiled `pattern`: what ajv asks of a regular expression. */
export interface CompiledPattern {
  test(text: string): boolean;
  toString(): string;
}

/** How a pattern will run. `isLinear` false: on V8's engine, whose time can be exponential in the text's length. */
export interface PatternVerdict {
  readonly isLinear: boolean;
  /** Whether the pattern needed JavaScript's lax syntax, without the `u` flag that JSON Schema asks for. */
  readonly isLax: boolean;
  readonly compiled: CompiledPattern;
}

/**
 * Compiles a schema's pattern: on a linear-time engine (RE2) where its syntax allows it, so that no payload can hold
 * the event loop; on V8's where it needs lookaround, back-references or large repeats.
 *
 * @throws SyntaxError for what JavaScript does not take as a regular expression
 */
export function compilePattern(pattern: string): PatternVerdict {
  const known = verdicts.get(pattern);
  if (known !== undefined) return known;
  const { native, isLax } = compileNative(pattern);
  const linear = isLax && laxOnly.test(pattern) ? undefined : compileLinear(pattern);
  const verdict = { isLinear: linear !== undefined, isLax, compiled: linear ?? native };
  if (verdicts.size >= maxKept) verdicts.clear();
  verdicts.set(pattern, verdict);
  return verdict;
}

/** ajv's `code.regExp`: called while a schema compiles. */
export const patternEngine = Object.assign((pattern: string): CompiledPattern => compilePattern(pattern).compiled, {
  code: "compilePattern",
});

/** Whether text is a regular expression: the `regex` format. */
export function isPattern(text: string): boolean {
  try {
    compileNative(text);
    return true;
  } catch {
    return false;
  }
}

function compileNative(pattern: string): { native: RegExp; isLax: boolean } {
  try {
    return { native: new RegExp(pattern, "u"), isLax: false };
  } catch {
    return { native: new RegExp(pattern), isLax: true };
  }
}

function compileLinear(pattern: string): CompiledPattern | undefined {
  const translated = translatePattern(pattern);
  if (translated === undefined) return undefined;
  try {
    const engine = RE2JS.compile(translated);
    // ajv keeps one instance for each text of it.
    return { test: (text) => engine.test(text), toString: () => `linear:${pattern}` };
  } catch {
    return undefined;
  }
}

/** Escapes that mean something else without the `u` flag: `\u{3}` is three times u. */
const laxOnly = /\\(?:u\{|[pPkc])/;
/** Schemas share patterns, and a schema is compiled twice; cleared when full, for reloads go on for ever. */
const verdicts = new Map<string, PatternVerdict>();
const maxKept = 1000;
