/** A line that is longer is given up. */
const maxLineLength = 1024 * 1024;

/**
 * Makes whole lines of what a process writes: several that write to one pipe would write into each other's lines, and one
 * that is killed leaves half a line.
 */
export class LineRelay {
  readonly #pass: (lines: string) => void;
  #rest = "";

  constructor(pass: (lines: string) => void) {
    this.#pass = pass;
  }

  take(text: string): void {
    const end = text.lastIndexOf("\n") + 1;
    if (end === 0) {
      this.#rest = this.#rest.length + text.length > maxLineLength ? "" : this.#rest + text;
      return;
    }
    this.#pass(this.#rest + text.slice(0, end));
    this.#rest = text.slice(end);
  }
}
