import type { WorkMeter } from "../work-meter.ts";
import type { Alphabet } from "./alphabet.ts";
import type { Program } from "./program.ts";

/** A set of program states that are alive together between two characters. */
export class LiveStates {
  readonly members: Uint16Array;
  /** Where no condition holds, which is most often so. */
  plain: Outlook | undefined;
  readonly conditioned = new Map<number, Outlook>();

  constructor(members: Uint16Array) {
    this.members = members;
  }
}

/** Live states, with all that they reach without a character. */
export interface Outlook {
  readonly accepts: boolean;
  /** Character states, each once. */
  readonly readers: readonly number[];
  /** What is alive after a symbol. */
  readonly after: (LiveStates | undefined)[];
}

/**
 * Runs a program over a text as a deterministic automaton that is built while it runs (as RE2 does): each set of
 * states is worked out once and then found by its symbol. What is kept is bounded; when it is full all is dropped.
 * A program that would make a new set for every character is slow, and for that its work is charged.
 */
export class Automaton {
  readonly program: Program;
  readonly #alphabet: Alphabet;
  readonly #meter: WorkMeter;
  /** Looks for a match at every place, not at the first alone. */
  readonly #isSearching: boolean;
  readonly #visited: Uint32Array;
  #visit = 0;
  readonly #kept = new Map<string, LiveStates>();
  #keptSize = 0;

  constructor(program: Program, alphabet: Alphabet, meter: WorkMeter) {
    this.program = program;
    this.#alphabet = alphabet;
    this.#meter = meter;
    this.#isSearching = !program.isAnchored;
    this.#visited = new Uint32Array(program.states.length);
  }

  begin(): LiveStates {
    return this.#keep(Uint16Array.of(this.program.entry));
  }

  /** @param mask the conditions that hold, those of this program alone */
  outlook(live: LiveStates, mask: number): Outlook {
    const known = mask === 0 ? live.plain : live.conditioned.get(mask);
    if (known !== undefined) return known;
    const outlook = this.#reach(live, mask);
    if (mask === 0) live.plain = outlook;
    else live.conditioned.set(mask, outlook);
    return outlook;
  }

  #reach({ members }: LiveStates, mask: number): Outlook {
    this.#nextVisit();
    const readers: number[] = [];
    let accepts = false;
    const pending = [...members];
    let visits = 0;
    for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
      if (this.#visited[number] === this.#visit) continue;
      this.#visited[number] = this.#visit;
      visits++;
      const state = this.program.states[number];
      if (state === undefined) continue;
      if (state.kind === "accept") accepts = true;
      else if (state.kind === "character") readers.push(number);
      else if (state.kind === "split") pending.push(...state.next);
      else if (((mask >>> state.bit) & 1) === (state.isNegated ? 0 : 1)) pending.push(state.next);
    }
    this.#meter.charge(workPerSet + workPerState * visits);
    this.#keptSize += sizePerSet + readers.length;
    return { accepts, readers, after: [] };
  }

  /** Works out `outlook.after[symbol]`. */
  step(outlook: Outlook, symbol: number): LiveStates {
    this.#nextVisit();
    const members: number[] = [];
    if (this.#isSearching) {
      members.push(this.program.entry);
      this.#visited[this.program.entry] = this.#visit;
    }
    for (const number of outlook.readers) {
      const state = this.program.states[number];
      if (state?.kind !== "character" || !this.#alphabet.covers(state.part, symbol)) continue;
      if (this.#visited[state.next] === this.#visit) continue;
      this.#visited[state.next] = this.#visit;
      members.push(state.next);
    }
    this.#meter.charge(workPerSet + workPerState * outlook.readers.length);
    const live = this.#keep(Uint16Array.from(members));
    outlook.after[symbol] = live;
    this.#keptSize += 1;
    return live;
  }

  #keep(members: Uint16Array): LiveStates {
    // In order, a set is one text: its members are the text's code units.
    const key = Buffer.from(members.toSorted().buffer).toString("utf16le");
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#keptSize > maxKeptSize) {
      this.#kept.clear();
      this.#keptSize = 0;
    }
    const live = new LiveStates(members);
    this.#kept.set(key, live);
    this.#keptSize += sizePerSet + 4 * members.length;
    return live;
  }

  #nextVisit(): void {
    if (++this.#visit === 0xffffffff) {
      this.#visited.fill(0);
      this.#visit = 1;
    }
  }
}

const workPerSet = 150;
const workPerState = 10;
/** Of about 8 bytes; a set costs some hundred bytes beside its members. */
const maxKeptSize = 60_000;
const sizePerSet = 30;
