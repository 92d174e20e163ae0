/** Random regular expressions and texts in which they meet: for comparing engines. */
export class RandomPatterns {
  readonly #random: () => number;

  /** @param random 0 ≤ x < 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  pattern(): string {
    const body = this.#part(4);
    return (this.#random() < 0.3 ? "^" : "") + body + (this.#random() < 0.3 ? "$" : "");
  }

  text(): string {
    return Array.from({ length: Math.floor(this.#random() * 7) }, () => this.#pick(letters)).join("");
  }

  #part(depth: number): string {
    const dice = this.#random();
    if (depth <= 0 || dice < 0.35) return this.#pick(atoms);
    const inner = (): string => this.#part(depth - 1);
    if (dice < 0.5) return inner() + inner();
    if (dice < 0.6) return `(${this.#pick(["", "?:"])}${inner()}|${inner()})`;
    if (dice < 0.78) return `(?:${inner()})${this.#pick(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?"])}`;
    if (dice < 0.89) return `(${this.#pick(["?=", "?!", "?<=", "?<!"])}${inner()})`;
    return this.#pick(["^", "$", "\\b", "\\B"]);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}

/** Lehmer's generator: the same seed, the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}

const atoms =
  String.raw`a b A _ 1 \n \d \w \s \W [ab] [^a] [] [^] . \u0061 \x62 é 😀 \u{1F600} \ud83d\ude00 [😀-😎] \p{L}
\P{Lu} \. - \- \cJ \0 \ud83d ſ K \_ { ] \1 \8 \c [\b] [\]] a{,2} \k \u{3} \p`.split(/\s+/);
const letters = Array.from("abAB_1 \n\ré😀😁KſsSk-.\u2028{]c\\u\0\b8p").concat("\ud83d", "\ude00", "uuu", "{,2}");
