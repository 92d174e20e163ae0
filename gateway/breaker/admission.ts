import type { Admission } from "../exchange/exchange.ts";

/** What an attempt says about its target. A neutral one (the client left, a stale connection) says nothing. */
export type Verdict = "success" | "failure" | "neutral";

/** The breaker, as its admissions know it. */
interface AdmissionOwner {
  /** From how many milliseconds on an answer is slow. */
  readonly slowCallMs: number;
  leave(admission: BreakerAdmission, verdict: Verdict): void;
}

/** Admission by a breaker: takes one verdict, and remembers which of the breaker's lives it belongs to. */
export class BreakerAdmission implements Admission {
  readonly #breaker: AdmissionOwner;
  readonly generation: number;
  readonly #isTrial: boolean;
  #isAnswered = false;
  #ofBody: Verdict | undefined;
  isSlow = false;
  isSpent = false;

  constructor(breaker: AdmissionOwner, generation: number, isTrial: boolean) {
    this.#breaker = breaker;
    this.generation = generation;
    this.#isTrial = isTrial;
  }

  headCame(awaitedMs: number): void {
    this.isSlow = awaitedMs >= this.#breaker.slowCallMs;
  }

  /**
   * The answer's head is good. The verdict is its body's, or an upstream that truncates every answer would show as many
   * successes as failures; a trial has succeeded already, so that no endless body leaves the state undecided.
   */
  answered(): void {
    this.#isAnswered = true;
    const verdict = this.#ofBody ?? (this.#isTrial ? "success" : undefined);
    if (verdict !== undefined) this.#breaker.leave(this, verdict);
  }

  bodyEnded(): void {
    this.#bodyIs("success");
  }

  bodyBroke(): void {
    this.#bodyIs("failure");
  }

  // A short body has ended before anybody could look at the head's status.
  #bodyIs(verdict: Verdict): void {
    this.#ofBody = verdict;
    if (this.#isAnswered) this.#breaker.leave(this, verdict);
  }
}
