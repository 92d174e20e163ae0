import type { FailureCode } from "../failures/codes.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { CellCounter } from "./cell-counter.ts";
import type { Cell } from "./request-series.ts";

const windowMs = 1000;

interface CodeWindow {
  readonly cell: Cell;
  startedAt: number;
  lines: number;
  /** Left out since the last line. */
  omitted: number;
}

/**
 * Which refusals are told in the log: so many a second of each code. A thousand refusals say what ten say, and writing
 * them costs more than refusing. What is left out is counted: lines and counter together are the refusals.
 */
export class ShedLog {
  readonly #byCode = new Map<FailureCode, CodeWindow>();
  #perSecond: number;

  /** @param perSecond `log.shedsPerSecond` */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  reconfigure(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  get counter(): CellCounter {
    return {
      name: "statuswise_log_sampled_out_total",
      help: "Requests refused for load or quota that have no line in the log.",
      labelNames: ["code"],
      cells: () => Array.from(this.#byCode.values(), ({ cell }) => cell),
    };
  }

  /**
   * How many refusals with this code were left out since its last line; undefined where this one, at `now` in monotonic
   * milliseconds, is to be left out as well.
   */
  omittedBefore(code: FailureCode, now: number): number | undefined {
    const window = this.#windowOf(code, now);
    if (now - window.startedAt >= windowMs) {
      window.startedAt = now;
      window.lines = 0;
    }
    if (window.lines >= this.#perSecond) {
      window.omitted += 1;
      window.cell.count += 1;
      return undefined;
    }
    window.lines += 1;
    const { omitted } = window;
    window.omitted = 0;
    return omitted;
  }

  #windowOf(code: FailureCode, now: number): CodeWindow {
    let window = this.#byCode.get(code);
    if (window === undefined) {
      window = { cell: { labels: { code }, count: 0 }, startedAt: now, lines: 0, omitted: 0 };
      this.#byCode.set(code, window);
    }
    return window;
  }
}

/** Whether the request was refused for now, before an upstream was asked: 503 or 429, of which there may be floods. */
export function isShed({ failure, attempts }: Exchange): boolean {
  return failure !== undefined && failure.owesRetryAfter && attempts.length === 0;
}
