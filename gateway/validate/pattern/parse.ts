import type { PatternNode } from "./syntax.ts";

import { UnsafePattern } from "./syntax.ts";

/**
 * Reads a regular expression that V8 has accepted already, so nothing is checked twice: ECMA-262 §22.2.1, and where
 * there is no `u` flag its lax syntax, §B.1.2.
 *
 * @param flags the expression's: `i`, `m`, `s` and `u` are heeded
 * @throws UnsafePattern where groups nest more than 200 deep
 */
export function parsePattern(source: string, flags: string): PatternNode {
  return new Parser(source, flags.includes("u")).whole(flags);
}

/** The modifiers `i`, `m` and `s` that hold at a place. */
type Modifiers = string;

class Parser {
  readonly #source: string;
  readonly #isUnicode: boolean;
  readonly #groups: number;
  readonly #hasNames: boolean;
  #at = 0;
  #depth = 0;
  #opened = 0;
  readonly #closed = new Map<string, PatternNode>();

  constructor(source: string, isUnicode: boolean) {
    this.#source = source;
    this.#isUnicode = isUnicode;
    const openings = [...source.replace(notGroups, "").matchAll(/\((?!\?)|\(\?<(?![=!])/g)];
    this.#groups = openings.length;
    this.#hasNames = openings.some(([opening]) => opening !== "(");
  }

  whole(flags: string): PatternNode {
    return this.#choice(flags);
  }

  #choice(modifiers: Modifiers): PatternNode {
    if (++this.#depth > maxDepth) throw new UnsafePattern("its groups nest too deeply");
    const options = [this.#sequence(modifiers)];
    while (this.#source[this.#at] === "|") {
      this.#at++;
      options.push(this.#sequence(modifiers));
    }
    this.#depth--;
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: "choice", options };
  }

  #sequence(modifiers: Modifiers): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source.charAt(this.#at))) {
      items.push(this.#quantified(this.#term(modifiers)));
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "sequence", items };
  }

  #quantified(body: PatternNode): PatternNode {
    const found = this.#take(quantifier);
    if (found === undefined) return body;
    const [sign, , low, comma, high] = found;
    if (low === undefined) return { kind: "repeat", body, ...signs[sign.charAt(0)] } as PatternNode;
    const min = Number(low);
    if (comma === undefined) return { kind: "repeat", body, min, max: min };
    return { kind: "repeat", body, min, max: high === undefined || high === "" ? Infinity : Number(high) };
  }

  #term(modifiers: Modifiers): PatternNode {
    switch (this.#source.charAt(this.#at)) {
      case "^":
        this.#at++;
        return { kind: "edge", edge: modifiers.includes("m") ? "lineStart" : "start" };
      case "$":
        this.#at++;
        return { kind: "edge", edge: modifiers.includes("m") ? "lineEnd" : "end" };
      case "(":
        return this.#group(modifiers);
      case "\\":
        return this.#escape(modifiers);
      default: {
        const [text = ""] = this.#take(this.#isUnicode ? plainUnicode : plainLax) ?? [];
        return character(text, modifiers);
      }
    }
  }

  #group(modifiers: Modifiers): PatternNode {
    const [start = "", look, name, on = "", off = ""] = this.#take(groupStart) ?? [];
    const number = start === "(" || name !== undefined ? ++this.#opened : undefined;
    const kept = modifiers.replace(/[ims]/g, (modifier) => (off.includes(modifier) ? "" : modifier));
    const from = this.#at;
    const body = this.#choice(kept + on);
    const to = this.#at++;
    if (number !== undefined) this.#closed.set(String(number), body);
    // Alternatives may use one name each: then nobody knows here which is meant.
    if (name !== undefined && !this.#closed.delete(name)) this.#closed.set(name, body);
    if (look === undefined) return body;
    return { kind: "look", body, isBehind: look.startsWith("<"), isNegated: look.endsWith("!"), span: [from, to] };
  }

  #escape(modifiers: Modifiers): PatternNode {
    const next = this.#source.charAt(this.#at + 1);
    if (next === "b" || next === "B") {
      this.#at += 2;
      const { source: wordSource } = character("\\w", modifiers);
      return { kind: "wordBoundary", wordSource, isNegated: next === "B" };
    }
    const reference = this.#takeReference();
    if (reference !== undefined) return { kind: "reference", group: this.#closed.get(reference) };
    const [text = ""] = this.#take(this.#isUnicode ? escapeUnicode : escapeLax) ?? [];
    return character(text === "\\" ? "\\\\" : text, modifiers);
  }

  /** The number or name of the group that a back-reference means. */
  #takeReference(): string | undefined {
    const name = this.#isUnicode || this.#hasNames ? this.#take(namedReference)?.[1] : undefined;
    if (name !== undefined) return name;
    const start = this.#at;
    const number = this.#take(numberedReference)?.[1];
    if (number === undefined || this.#isUnicode || Number(number) <= this.#groups) return number;
    this.#at = start;
    return undefined;
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source);
    if (found === null) return undefined;
    this.#at = expression.lastIndex;
    return found;
  }
}

function character(text: string, modifiers: Modifiers) {
  const held = ["i", "s"].filter((modifier) => modifiers.includes(modifier)).join("");
  return { kind: "character", source: held === "" ? text : `(?${held}:${text})` } as const;
}

const maxDepth = 200;
const signs: Readonly<Record<string, { min: number; max: number }>> = {
  "*": { min: 0, max: Infinity },
  "+": { min: 1, max: Infinity },
  "?": { min: 0, max: 1 },
};
const quantifier = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y;
const groupStart = /\((?:\?(?:(<?[=!])|<([^>]*)>|([ims]*)(?:-([ims]*))?:))?/y;
const characterClass = String.raw`\[(?:[^\]\\]|\\[^])*\]`;
const plainUnicode = new RegExp(`${characterClass}|[^]`, "uy");
const plainLax = new RegExp(`${characterClass}|[^]`, "y");
const escapeUnicode =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|[^])/uy;
/** `\c` before no letter is a backslash, and the c stands for itself. */
const escapeLax = /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|(?=c)|[0-3][0-7]{0,2}|[4-7][0-7]?|[^])/y;
const namedReference = /\\k<([^>]*)>/y;
const numberedReference = /\\([1-9][0-9]*)/y;
/** Where an opening bracket opens no group. */
const notGroups = new RegExp(String.raw`\\[^]|${characterClass}`, "g");
