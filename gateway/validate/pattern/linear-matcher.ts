import type { WorkMeter } from "../work-meter.ts";
import type { Condition } from "./program.ts";
import type { PatternNode } from "./syntax.ts";

import { Alphabet } from "./alphabet.ts";
import { Automaton } from "./automaton.ts";
import { compileProgram } from "./program.ts";

export interface MatcherOptions {
  readonly isUnicode: boolean;
  readonly meter: WorkMeter;
}

/**
 * Tells whether a text matches a pattern somewhere, in time linear in the text, lookarounds included: each of them is
 * answered for every place of the text by one pass of its own before the pattern itself is run.
 *
 * (A. Barrière and C. Pit-Claudel, Linear Matching of JavaScript Regexes, PLDI 2024, show why that is right.)
 */
export class LinearMatcher {
  readonly #isUnicode: boolean;
  readonly #meter: WorkMeter;
  readonly #alphabet: Alphabet;
  readonly #main: Automaton;
  readonly #conditions: readonly Condition[];
  /** By condition; undefined for those that are no lookaround. */
  readonly #looks: readonly (Automaton | undefined)[];
  /** `^` and `$` alone ask for no pass: they hold at the ends and nowhere else. */
  readonly #hasContext: boolean;
  readonly #hasMarks: boolean;
  readonly #atStart: number;
  readonly #atEnd: number;

  /** @throws UnsafePattern for what has no automaton of a decent size */
  constructor(root: PatternNode, { isUnicode, meter }: MatcherOptions) {
    this.#isUnicode = isUnicode;
    this.#meter = meter;
    this.#alphabet = new Alphabet(isUnicode, meter);
    this.#alphabet.part(lineCharacter);
    const { main, conditions } = compileProgram(root, this.#alphabet);
    this.#main = new Automaton(main, this.#alphabet, meter);
    this.#conditions = conditions;
    this.#looks = conditions.map((condition) =>
      condition.kind === "look" ? new Automaton(condition.program, this.#alphabet, meter) : undefined,
    );
    this.#atStart = this.#maskOf("start", "lineStart");
    this.#atEnd = this.#maskOf("end", "lineEnd");
    this.#hasContext = conditions.some((condition) => condition.kind !== "look" && !isOfText(condition));
    this.#hasMarks = this.#hasContext || conditions.some(({ kind }) => kind === "look");
  }

  test(text: string): boolean {
    this.#meter.charge(workPerTest + workPerCharacter * text.length);
    const marks = this.#hasMarks ? this.#mark(text) : undefined;
    const automaton = this.#main;
    const { isAnchored, conditionMask } = automaton.program;
    let live = automaton.begin();
    for (let at = 0; ;) {
      const mask = marks === undefined ? this.#ends(at, text.length) : (marks[at] ?? 0) & conditionMask;
      const outlook = mask === 0 && live.plain !== undefined ? live.plain : automaton.outlook(live, mask);
      if (outlook.accepts) return true;
      if (at >= text.length || (isAnchored && outlook.readers.length === 0)) return false;
      const code = this.#codeAt(text, at);
      const symbol = this.#alphabet.symbol(code);
      live = outlook.after[symbol] ?? automaton.step(outlook, symbol);
      at += code > 0xffff ? 2 : 1;
    }
  }

  #ends(at: number, length: number): number {
    if (at > 0 && at < length) return 0;
    return (at === 0 ? this.#atStart : 0) | (at === length ? this.#atEnd : 0);
  }

  /** For every place, the bits of the conditions that hold there. */
  #mark(text: string): Uint32Array {
    const marks = new Uint32Array(text.length + 1);
    marks[0] = this.#atStart;
    marks[text.length] = (marks[text.length] ?? 0) | this.#atEnd;
    if (this.#hasContext) this.#markContext(text, marks);
    // Inner lookarounds come before outer ones, which read their bits.
    for (const [bit, condition] of this.#conditions.entries()) {
      const automaton = this.#looks[bit];
      if (condition.kind !== "look" || automaton === undefined) continue;
      this.#meter.charge(workPerMark * text.length);
      if (condition.isBehind) this.#markForward(text, marks, { automaton, bit });
      else this.#markBackward(text, marks, { automaton, bit });
    }
    return marks;
  }

  /** Of words and lines. */
  #markContext(text: string, marks: Uint32Array): void {
    this.#meter.charge(workPerMark * text.length);
    const lineStart = this.#maskOf("lineStart");
    const lineEnd = this.#maskOf("lineEnd");
    const words = this.#conditions.flatMap((condition, bit) => {
      return condition.kind === "wordBoundary" ? [{ bit, part: condition.wordPart, wasWord: false }] : [];
    });
    let at = 0;
    while (at < text.length) {
      const code = this.#codeAt(text, at);
      const symbol = this.#alphabet.symbol(code);
      const next = at + (code > 0xffff ? 2 : 1);
      let mask = marks[at] ?? 0;
      for (const word of words) {
        const isWord = this.#alphabet.covers(word.part, symbol);
        if (isWord !== word.wasWord) mask |= 1 << word.bit;
        word.wasWord = isWord;
      }
      if (!this.#alphabet.covers(notLineBreak, symbol)) {
        mask |= lineEnd;
        marks[next] = (marks[next] ?? 0) | lineStart;
      }
      marks[at] = mask;
      at = next;
    }
    for (const word of words) if (word.wasWord) marks[at] = (marks[at] ?? 0) | (1 << word.bit);
  }

  #markForward(text: string, marks: Uint32Array, { automaton, bit }: Look): void {
    const mask = automaton.program.conditionMask;
    let live = automaton.begin();
    for (let at = 0; ;) {
      const marked = marks[at] ?? 0;
      const outlook = automaton.outlook(live, marked & mask);
      if (outlook.accepts) marks[at] = marked | (1 << bit);
      if (at >= text.length) return;
      const code = this.#codeAt(text, at);
      const symbol = this.#alphabet.symbol(code);
      live = outlook.after[symbol] ?? automaton.step(outlook, symbol);
      at += code > 0xffff ? 2 : 1;
    }
  }

  #markBackward(text: string, marks: Uint32Array, { automaton, bit }: Look): void {
    const mask = automaton.program.conditionMask;
    let live = automaton.begin();
    for (let at = text.length; ;) {
      const marked = marks[at] ?? 0;
      const outlook = automaton.outlook(live, marked & mask);
      if (outlook.accepts) marks[at] = marked | (1 << bit);
      if (at === 0) return;
      const code = this.#codeBefore(text, at);
      const symbol = this.#alphabet.symbol(code);
      live = outlook.after[symbol] ?? automaton.step(outlook, symbol);
      at -= code > 0xffff ? 2 : 1;
    }
  }

  #codeAt(text: string, at: number): number {
    const unit = text.charCodeAt(at);
    const isHigh = this.#isUnicode && unit >= 0xd800 && unit <= 0xdbff;
    return isHigh ? (text.codePointAt(at) ?? unit) : unit;
  }

  #codeBefore(text: string, at: number): number {
    const unit = text.charCodeAt(at - 1);
    if (!this.#isUnicode || unit < 0xdc00 || unit > 0xdfff || at < 2) return unit;
    const code = text.codePointAt(at - 2) ?? 0;
    return code > 0xffff ? code : unit;
  }

  #maskOf(...edges: readonly string[]): number {
    const holds = (condition: Condition): boolean => condition.kind === "edge" && edges.includes(condition.edge);
    return this.#conditions.reduce((mask, condition, bit) => (holds(condition) ? mask | (1 << bit) : mask), 0);
  }
}

interface Look {
  readonly automaton: Automaton;
  readonly bit: number;
}

function isOfText(condition: Condition): boolean {
  return condition.kind === "edge" && (condition.edge === "start" || condition.edge === "end");
}

/** The part `.`, first of all: any character that ends no line. */
const lineCharacter = ".";
const notLineBreak = 0;
const workPerTest = 220;
const workPerCharacter = 3;
const workPerMark = 4;
