import CircuitBreaker from "opossum";

import type { Clock } from "../clock.ts";
import type { Admission } from "../exchange.ts";
import type { BreakerState } from "../observe/events.ts";

/** What an attempt says about its target. A neutral one (the client left, a stale connection) says nothing. */
export type Verdict = "success" | "failure" | "neutral";

export interface BreakerOptions {
  /** Failures among the window's verdicts above which it opens; a fraction. */
  readonly errorRate: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /** Verdicts in the window below which it never opens. */
  readonly minimumRequests: number;
  /** How long it stays open before a trial, in milliseconds. */
  readonly openMs: number;
  readonly clock: Clock;
  /** Hears every change of state. */
  readonly changed: (from: BreakerState, to: BreakerState, reason: string) => void;
}

/** Admission by a breaker: takes one verdict, and remembers which of the breaker's lives it belongs to. */
export class Ticket implements Admission {
  readonly #breaker: Breaker;
  readonly generation: number;
  readonly #isTrial: boolean;
  #isAnswered = false;
  #ofBody: Verdict | undefined;
  isSpent = false;

  constructor(breaker: Breaker, generation: number, isTrial: boolean) {
    this.#breaker = breaker;
    this.generation = generation;
    this.#isTrial = isTrial;
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

/**
 * One target's breaker: opossum is the state machine, this class everything that it lacks.
 *
 * The attempt does not run inside opossum. It runs outside and its verdict is fired afterwards, so that a neutral
 * outcome reaches opossum as neither success nor failure, calls in flight or rejected do not dilute the rate, and no
 * call can hang in it. A verdict from before the latest change of state is ignored (a straggler knows nothing of the
 * present); a trial that ends neutral gives its place to the next request. Every attempt ends by a timer of ours, so a
 * trial always does.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #machine: CircuitBreaker<[boolean], void>;
  #state: BreakerState = "closed";
  #generation = 0;
  #openedAt = 0;
  #trial: Ticket | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#machine = this.#newMachine();
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a request may be admitted; 0 where one is admitted now, or a trial's verdict is awaited. */
  get retryAfterMs(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#openedAt + this.#options.openMs - this.#options.clock.now());
  }

  /** Whether `enter` would admit a request now. */
  get isAdmitting(): boolean {
    return this.#state === "closed" || (this.#state === "half-open" && this.#trial === undefined);
  }

  /** Admits one request; undefined where none may pass. A ticket without a verdict counts for nothing, but a trial's must come. */
  enter(): Ticket | undefined {
    if (this.#state === "closed") return new Ticket(this, this.#generation, false);
    if (!this.isAdmitting) return undefined;
    this.#trial = new Ticket(this, this.#generation, true);
    return this.#trial;
  }

  /** Takes an attempt's verdict; the first stands. */
  leave(ticket: Ticket, verdict: Verdict): void {
    if (ticket.isSpent) return;
    ticket.isSpent = true;
    if (ticket.generation !== this.#generation) return;
    if (verdict === "neutral") {
      if (ticket === this.#trial) this.#trial = undefined;
      return;
    }
    // A trial keeps its place until opossum, which takes some microtasks, has changed the state. opossum reports
    // through its events; the promise only repeats what we told it.
    this.#machine.fire(verdict === "success").catch(ignore);
  }

  close(): void {
    this.#machine.shutdown();
  }

  #newMachine(): CircuitBreaker<[boolean], void> {
    const { errorRate, windowMs, minimumRequests, openMs } = this.#options;
    const machine = new CircuitBreaker(settle, {
      timeout: false,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rollingCountTimeout: windowMs,
      volumeThreshold: minimumRequests,
      // opossum opens above it; above 100 % there is nothing.
      errorThresholdPercentage: Math.min(errorRate * 100, 99.999),
      resetTimeout: openMs,
    });
    machine.on("open", () => this.#change("open", this.#state === "half-open" ? "trial_failed" : "error_rate"));
    machine.on("halfOpen", () => this.#change("half-open", "open_time_over"));
    machine.on("close", () => this.#change("closed", "trial_succeeded"));
    return machine;
  }

  #change(to: BreakerState, reason: string): void {
    const from = this.#state;
    this.#state = to;
    this.#generation++;
    this.#trial = undefined;
    if (to === "open") this.#openedAt = this.#options.clock.now();
    if (to === "closed") this.#startAfresh();
    this.#options.changed(from, to, reason);
  }

  /** A closed breaker begins with an empty window: the failures that opened it must not open it again. */
  #startAfresh(): void {
    const old = this.#machine;
    this.#machine = this.#newMachine();
    // opossum still has listeners to call for the event we are in.
    queueMicrotask(() => old.shutdown());
  }
}

async function settle(isSuccess: boolean): Promise<void> {
  if (!isSuccess) throw failed;
}

const failed = new Error("failed");

function ignore(): void {}
