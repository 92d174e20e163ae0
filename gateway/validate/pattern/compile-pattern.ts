import type { Conjunct } from "./conjunction.ts";
import type { PatternNode } from "./syntax.ts";

import { workMeter } from "../work-meter.ts";
import { judgeEffort } from "./backtracking.ts";
import { conjunctsOf } from "./conjunction.ts";
import { LinearMatcher } from "./linear-matcher.ts";
import { parsePattern } from "./parse.ts";

/** A compiled `pattern`: what ajv asks of a regular expression. */
export interface CompiledPattern {
  test(text: string): boolean;
  /** Unlike that of any other pattern: ajv keeps one instance for each text of it. */
  toString(): string;
}

export interface PatternVerdict {
  /** `backtracking` is V8's, for patterns that are linear on it. */
  readonly engine: "backtracking" | "automaton";
  /** Whether the pattern needed JavaScript's lax syntax, without the `u` flag that JSON Schema asks for. */
  readonly isLax: boolean;
  readonly compiled: CompiledPattern;
}

/**
 * Compiles a schema's pattern so that no text can hold the event loop: on V8's engine where the pattern's form shows
 * that it is linear there, else on an automaton.
 *
 * @throws SyntaxError for what JavaScript does not take as a regular expression
 * @throws UnsafePattern for what is one, and neither linear on V8 nor to be made an automaton of
 */
export function compilePattern(pattern: string): PatternVerdict {
  const known = verdicts.get(pattern);
  if (known !== undefined) return known;
  const { native, isLax } = compileNative(pattern);
  const verdict = { isLax, ...compileSafely(pattern, native) };
  if (verdicts.size >= maxKept) verdicts.clear();
  verdicts.set(pattern, verdict);
  return verdict;
}

/** The same test as that of an expression that somebody else wrote, safe. Its `g` and `y` are not heeded. */
export function compileExpression(expression: RegExp): CompiledPattern {
  const bare = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
  return compileSafely(bare.source, bare).compiled;
}

/** ajv's `code.regExp`: called while a schema compiles. */
export const patternEngine = Object.assign((pattern: string): CompiledPattern => compilePattern(pattern).compiled, {
  code: "compilePattern",
});

/** Whether text is a regular expression: the `regex` format. */
export function isPattern(text: string): boolean {
  // V8 reads a long one to its end, which takes its time; nobody writes such.
  if (text.length > maxPatternLength) return false;
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

function compileSafely(pattern: string, native: RegExp): Pick<PatternVerdict, "engine" | "compiled"> {
  const root = parsePattern(pattern, native.flags);
  const { growth, steps } = judgeEffort(root);
  if (growth === "constant" && steps <= maxConstantSteps) {
    return backtracking(native, { work: workPerTest + Math.ceil(steps / 16), workPerCharacter: 0 });
  }
  if (growth === "linear" && steps <= maxLinearSteps) {
    return backtracking(native, { work: workPerTest, workPerCharacter: Math.ceil(steps / 8) });
  }
  const conjuncts = conjunctsOf(pattern, root);
  return conjuncts === undefined ? automaton(root, native) : conjunction(conjuncts, native);
}

/** What a test is charged on V8's engine. */
interface Charge {
  readonly work: number;
  readonly workPerCharacter: number;
}

function backtracking(native: RegExp, { work, workPerCharacter }: Charge): Pick<PatternVerdict, "engine" | "compiled"> {
  // V8 compiles when it first runs, and refuses only then what is too large for it.
  native.test("");
  const test = (text: string): boolean => {
    workMeter.charge(work + workPerCharacter * text.length);
    return native.test(text);
  };
  return { engine: "backtracking", compiled: { test, toString: () => String(native) } };
}

function automaton(root: PatternNode, native: RegExp): Pick<PatternVerdict, "engine" | "compiled"> {
  const matcher = new LinearMatcher(root, { isUnicode: native.unicode, meter: workMeter });
  return { engine: "automaton", compiled: { test: (text) => matcher.test(text), toString: () => `linear:${native}` } };
}

function conjunction(conjuncts: readonly Conjunct[], native: RegExp): Pick<PatternVerdict, "engine" | "compiled"> {
  const parts = conjuncts.map(({ pattern, isNegated }) => {
    return { ...compileSafely(pattern, new RegExp(pattern, native.flags)), isNegated };
  });
  const test = (text: string): boolean => parts.every((part) => part.compiled.test(text) !== part.isNegated);
  const engine = parts.every((part) => part.engine === "backtracking") ? "backtracking" : "automaton";
  return { engine, compiled: { test, toString: () => `all:${native}` } };
}

const workPerTest = 4;
const maxConstantSteps = 1000;
const maxLinearSteps = 40;
/** Of a text that is asked whether it is a pattern. */
export const maxPatternLength = 10_000;
/** Schemas share patterns, and a schema is compiled twice; cleared when full, for reloads go on for ever. */
const verdicts = new Map<string, PatternVerdict>();
const maxKept = 1000;
