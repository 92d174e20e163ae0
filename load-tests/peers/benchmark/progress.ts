export interface ProgressScreen {
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
}

/** Steps after which a line is written where the line cannot be overwritten. */
const stepsPerLine = 25;

/** What a run does now, and how long it still takes: one line on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #screen: ProgressScreen;
  readonly #nowMs: () => number;
  #steps = 0;
  #total = 0;
  #done = 0;
  #startedAtMs = 0;
  #expectedMs = 0;

  constructor(screen: ProgressScreen, nowMs: () => number) {
    this.#screen = screen;
    this.#nowMs = nowMs;
  }

  begin(steps: number, expectedMs: number): void {
    [this.#total, this.#expectedMs, this.#startedAtMs] = [steps, expectedMs, this.#nowMs()];
  }

  /** Called as a step begins. */
  step(what: string): void {
    this.#done = this.#steps;
    this.#steps += 1;
    const line = `${Math.floor((this.#done / Math.max(1, this.#total)) * 100)} %, about ${this.#leftSeconds()} s left: ${what}`;
    if (this.#screen.isTerminal) this.#screen.write(`\r\u001B[K${line}`);
    else if (this.#done % stepsPerLine === 0) this.#screen.write(`${line}\n`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#screen.isTerminal && this.#steps > 0) this.#screen.write("\r\u001B[K");
  }

  /** The plan's time at first, then more and more the time that the steps have taken. */
  #leftSeconds(): number {
    const spentMs = this.#nowMs() - this.#startedAtMs;
    const share = this.#done / Math.max(1, this.#total);
    const wholeMs = share === 0 ? this.#expectedMs : this.#expectedMs * (1 - share) + spentMs;
    return Math.max(0, Math.ceil((wholeMs - spentMs) / 1000));
  }
}
