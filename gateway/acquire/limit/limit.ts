/** One attempt on the upstream, as far as it tells how long an answer takes there. Times in monotonic milliseconds. */
export interface Sample {
  /** The request's last byte had left. */
  readonly startedAt: number;
  /** The answer's head came, or nobody waited for it any more. */
  readonly endedAt: number;
  /**
   * `answered`; `unavailable`: with the upstream's own 503; `failed`: it had all the time that is configured, and gave
   * no answer; `unanswered`: the client gave up first, so that the answer would have taken at least this long.
   */
  readonly outcome: "answered" | "unavailable" | "failed" | "unanswered";
}

/** How many requests may be at an upstream at once. Told of every permit and of every answer, it may move. */
export interface Limit {
  /** Permits now: whole, at least 1. */
  readonly limit: number;
  /** What an answer takes now, in milliseconds; 0 where nothing is known. */
  readonly typicalMs: number;
  /** A permit was given; `inFlight` counts it. */
  admitted(inFlight: number): void;
  ended(sample: Sample): void;
}

/** The configured number, whatever happens. */
export class FixedLimit implements Limit {
  readonly limit: number;
  readonly typicalMs = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  admitted(): void {}

  ended(): void {}
}
