import type { Alphabet } from "./alphabet.ts";
import type { Edge, PatternNode } from "./syntax.ts";

import { UnsafePattern } from "./syntax.ts";

/** A state of the nondeterministic automaton. `next` numbers states of the same program. */
export type ProgramState =
  | { readonly kind: "accept" }
  | { readonly kind: "character"; readonly part: number; readonly next: number }
  | { readonly kind: "split"; readonly next: readonly number[] }
  /** Passes where the condition's bit is set, or where it is not. */
  | { readonly kind: "condition"; readonly bit: number; readonly isNegated: boolean; readonly next: number };

/** What must hold at a place between two characters. Its bit is its index in the pattern's list. */
export type Condition =
  | { readonly kind: "edge"; readonly edge: Edge }
  | { readonly kind: "wordBoundary"; readonly wordPart: number }
  | { readonly kind: "look"; readonly program: Program; readonly isBehind: boolean };

export interface Program {
  readonly states: readonly ProgramState[];
  readonly entry: number;
  /** It can match at the start of the text alone. */
  readonly isAnchored: boolean;
  /** The bits of the conditions that it asks for. */
  readonly conditionMask: number;
}

/** A pattern's main program, with all conditions that it or one of them asks for: inner ones before outer ones. */
export interface CompiledProgram {
  readonly main: Program;
  readonly conditions: readonly Condition[];
}

/**
 * Turns a pattern without back-references into an automaton (Thompson's construction). Counted repeats are written
 * out; lookarounds become programs of their own, a lookahead backwards, so that one pass from the end of the text
 * tells for every place whether it holds there.
 *
 * @throws UnsafePattern where it has more than 50,000 states or 30 conditions, or a back-reference
 */
export function compileProgram(root: PatternNode, alphabet: Alphabet): CompiledProgram {
  if (sizeOf(root) > maxStates) throw new UnsafePattern("it is too large with its repeats written out");
  const conditions = new Conditions(alphabet);
  const main = new ProgramBuilder(alphabet, conditions, false).build(root);
  return { main, conditions: conditions.list };
}

class Conditions {
  readonly list: Condition[] = [];
  readonly #bits = new Map<string, number>();
  readonly #alphabet: Alphabet;

  constructor(alphabet: Alphabet) {
    this.#alphabet = alphabet;
  }

  edge(edge: Edge): number {
    return this.#shared(edge, { kind: "edge", edge });
  }

  wordBoundary(wordSource: string): number {
    const wordPart = this.#alphabet.part(wordSource);
    return this.#shared(`word ${wordPart}`, { kind: "wordBoundary", wordPart });
  }

  look(body: PatternNode, isBehind: boolean): number {
    const program = new ProgramBuilder(this.#alphabet, this, !isBehind).build(body);
    return this.#add({ kind: "look", program, isBehind });
  }

  #shared(key: string, condition: Condition): number {
    const known = this.#bits.get(key);
    if (known !== undefined) return known;
    const bit = this.#add(condition);
    this.#bits.set(key, bit);
    return bit;
  }

  #add(condition: Condition): number {
    if (this.list.length >= maxConditions) throw new UnsafePattern("it has too many lookarounds");
    return this.list.push(condition) - 1;
  }
}

class ProgramBuilder {
  readonly #alphabet: Alphabet;
  readonly #conditions: Conditions;
  readonly #isBackward: boolean;
  readonly #states: ProgramState[] = [{ kind: "accept" }];
  #conditionMask = 0;

  constructor(alphabet: Alphabet, conditions: Conditions, isBackward: boolean) {
    this.#alphabet = alphabet;
    this.#conditions = conditions;
    this.#isBackward = isBackward;
  }

  build(root: PatternNode): Program {
    const entry = this.#write(root, 0);
    const isAnchored = !this.#isBackward && startsAtStart(root);
    return { states: this.#states, entry, isAnchored, conditionMask: this.#conditionMask };
  }

  /** Writes a node that goes on at `next`; answers where it begins. */
  #write(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "character":
        return this.#add({ kind: "character", part: this.#alphabet.part(node.source), next });
      case "edge":
        return this.#condition({ bit: this.#conditions.edge(node.edge), isNegated: false, next });
      case "wordBoundary":
        return this.#condition({
          bit: this.#conditions.wordBoundary(node.wordSource),
          isNegated: node.isNegated,
          next,
        });
      case "look":
        return this.#condition({
          bit: this.#conditions.look(node.body, node.isBehind),
          isNegated: node.isNegated,
          next,
        });
      case "sequence": {
        const items = this.#isBackward ? node.items : node.items.toReversed();
        return items.reduce((following, item) => this.#write(item, following), next);
      }
      case "choice":
        return this.#add({ kind: "split", next: node.options.map((option) => this.#write(option, next)) });
      case "repeat":
        return this.#repeat(node, next);
      case "reference":
        throw new UnsafePattern("it has a back-reference beside loops");
    }
  }

  #repeat({ body, min, max }: Extract<PatternNode, { kind: "repeat" }>, next: number): number {
    let entry = next;
    if (max === Infinity) {
      const ways: number[] = [next];
      entry = this.#add({ kind: "split", next: ways });
      ways.push(this.#write(body, entry));
    } else {
      for (let i = min; i < max; i++) entry = this.#add({ kind: "split", next: [this.#write(body, entry), next] });
    }
    for (let i = 0; i < min; i++) entry = this.#write(body, entry);
    return entry;
  }

  #condition(state: Omit<Extract<ProgramState, { kind: "condition" }>, "kind">): number {
    this.#conditionMask |= 1 << state.bit;
    return this.#add({ kind: "condition", ...state });
  }

  #add(state: ProgramState): number {
    return this.#states.push(state) - 1;
  }
}

function startsAtStart(node: PatternNode): boolean {
  switch (node.kind) {
    case "edge":
      return node.edge === "start";
    case "sequence":
      // Only what surely stands first counts; what precedes it without taking a character does no harm.
      return node.items.some((item, i) => startsAtStart(item) && node.items.slice(0, i).every(isWidthless));
    case "choice":
      return node.options.every(startsAtStart);
    case "repeat":
      return node.min > 0 && startsAtStart(node.body);
    default:
      return false;
  }
}

function isWidthless({ kind }: PatternNode): boolean {
  return kind === "edge" || kind === "look" || kind === "wordBoundary";
}

/** States that a node takes, at most. */
function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case "sequence":
      return node.items.reduce((sum, item) => sum + sizeOf(item), 1);
    case "choice":
      return node.options.reduce((sum, option) => sum + sizeOf(option), 1);
    case "repeat":
      return (sizeOf(node.body) + 1) * (node.max === Infinity ? node.min + 1 : node.max + 1);
    case "look":
      return sizeOf(node.body) + 1;
    default:
      return 1;
  }
}

/** The numbers of states are 16 bits wide. */
const maxStates = 50_000;
const maxConditions = 30;
