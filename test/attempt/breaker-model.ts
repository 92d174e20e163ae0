import type { Verdict } from "../../gateway/attempt/breaker.ts";
import type { BreakerState } from "../../gateway/observe/events.ts";

export interface ModelOptions {
  readonly errorRate: number;
  readonly windowMs: number;
  readonly minimumRequests: number;
  readonly openMs: number;
}

export interface ModelTicket {
  readonly generation: number;
  readonly isTrial: boolean;
  isSpent: boolean;
}

/** The window is ten buckets, the present one not yet full. */
const buckets = 10;

/** What a breaker should do, in the plainest words: no library, no timers, the time given with each call. */
export class BreakerModel {
  readonly #options: ModelOptions;
  state: BreakerState = "closed";
  #generation = 0;
  #closedAt = 0;
  #openedAt = 0;
  #hasTrial = false;
  #verdicts: Array<{ readonly at: number; readonly isFailure: boolean }> = [];

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  timePasses(now: number): void {
    if (this.state === "open" && now >= this.#openedAt + this.#options.openMs) this.#become("half-open");
  }

  retryAfterMs(now: number): number {
    return this.state === "open" ? this.#openedAt + this.#options.openMs - now : 0;
  }

  get isAdmitting(): boolean {
    return this.state === "closed" || (this.state === "half-open" && !this.#hasTrial);
  }

  enter(): ModelTicket | undefined {
    if (!this.isAdmitting) return undefined;
    const isTrial = this.state === "half-open";
    if (isTrial) this.#hasTrial = true;
    return { generation: this.#generation, isTrial, isSpent: false };
  }

  leave(ticket: ModelTicket, verdict: Verdict, now: number): void {
    if (ticket.isSpent) return;
    ticket.isSpent = true;
    if (ticket.generation !== this.#generation) return;
    if (ticket.isTrial) this.#judgeTrial(verdict, now);
    else if (verdict !== "neutral") this.#count(verdict === "failure", now);
  }

  #judgeTrial(verdict: Verdict, now: number): void {
    this.#hasTrial = false;
    if (verdict === "failure") this.#open(now);
    if (verdict !== "success") return;
    this.#verdicts = [];
    this.#closedAt = now;
    this.#become("closed");
  }

  #count(isFailure: boolean, now: number): void {
    const { windowMs, minimumRequests, errorRate } = this.#options;
    this.#verdicts.push({ at: now, isFailure });
    const bucketOf = (at: number): number => Math.floor((at - this.#closedAt) / (windowMs / buckets));
    const seen = this.#verdicts.filter(({ at }) => bucketOf(now) - bucketOf(at) < buckets);
    const failures = seen.filter((one) => one.isFailure).length;
    if (isFailure && seen.length >= minimumRequests && failures > errorRate * seen.length) this.#open(now);
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#become("open");
  }

  #become(state: BreakerState): void {
    this.state = state;
    this.#generation++;
    this.#hasTrial = false;
  }
}
