import type { WorkMeter } from "../work-meter.ts";

/**
 * The characters of one pattern. Those that every part of the pattern treats alike are one symbol, so that a table
 * over symbols stays small. V8 is asked whether a part covers a character: there is no second opinion about classes,
 * Unicode properties or the folding of case. Each character is looked at once and then remembered, by pages.
 */
export class Alphabet {
  readonly #isUnicode: boolean;
  readonly #meter: WorkMeter;
  readonly #parts: ((character: string) => boolean)[] = [];
  readonly #partBySource = new Map<string, number>();
  readonly #symbolBySignature = new Map<string, number>();
  /** By symbol: 1 for each part that covers it. */
  readonly #coverage: Uint8Array[] = [];
  #pages: (Uint16Array | undefined)[] = [];
  #pageCount = 0;

  constructor(isUnicode: boolean, meter: WorkMeter) {
    this.#isUnicode = isUnicode;
    this.#meter = meter;
  }

  /** The number of a part, such as `a`, `\d` or `[^\s,]`. All are given before the first text is read. */
  part(source: string): number {
    const known = this.#partBySource.get(source);
    if (known !== undefined) return known;
    const test = coverageTest(source, this.#isUnicode);
    const number = this.#parts.push(test) - 1;
    this.#partBySource.set(source, number);
    return number;
  }

  /** The symbol of a code point or, without the `u` flag, of a code unit. */
  symbol(code: number): number {
    const known = this.#pages[code >> 8]?.[code & 0xff];
    return known === undefined || known === 0 ? this.#learn(code) : known - 1;
  }

  covers(part: number, symbol: number): boolean {
    return this.#coverage[symbol]?.[part] === 1;
  }

  #learn(code: number): number {
    this.#meter.charge(workPerCharacter + workPerPart * this.#parts.length);
    const text = String.fromCodePoint(code);
    const coverage = Uint8Array.from(this.#parts, (test) => (test(text) ? 1 : 0));
    const signature = coverage.join("");
    let symbol = this.#symbolBySignature.get(signature);
    if (symbol === undefined) {
      // Two bytes a character; a pattern with more kinds of characters than that is none that people write.
      if (this.#coverage.length >= maxSymbols) this.#meter.exhaust();
      symbol = this.#coverage.push(coverage) - 1;
      this.#symbolBySignature.set(signature, symbol);
    }
    this.#remember(code, symbol);
    return symbol;
  }

  #remember(code: number, symbol: number): void {
    let page = this.#pages[code >> 8];
    if (page === undefined) {
      if (++this.#pageCount > maxPages) {
        this.#pages = [];
        this.#pageCount = 1;
      }
      this.#meter.charge(workPerPage);
      page = new Uint16Array(256);
      this.#pages[code >> 8] = page;
    }
    page[code & 0xff] = symbol + 1;
  }
}

function coverageTest(source: string, isUnicode: boolean): (character: string) => boolean {
  if (isLiteral(source)) return (character) => character === source;
  const expression = new RegExp(`^(?:${source})$`, isUnicode ? "u" : "");
  return (character) => expression.test(character);
}

function isLiteral(source: string): boolean {
  return source !== "." && source.length === String.fromCodePoint(source.codePointAt(0) ?? 0).length;
}

const workPerCharacter = 60;
const workPerPart = 10;
const workPerPage = 300;
/** 512 bytes each. */
const maxPages = 512;
const maxSymbols = 4096;
