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

/** Admission by a breaker: remembers which of the breaker's lives it belongs to. */
export class Ticket implements Admission {
  readonly #breaker: Breaker;
  readonly generation: number;

  constructor(breaker: Breaker, generation: number) {
    this.#breaker = breaker;
    this.generation = generation;
  }

  bodyBroke(): void {
    this.#breaker.leave(this, "failure");
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
  #closedTicket = new Ticket(this, 0);

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

  /** Admits one request; undefined where none may pass. The ticket goes back with `leave`, always. */
  enter(): Ticket | undefined {
    if (this.#state === "closed") return this.#closedTicket;
    if (!this.isAdmitting) return undefined;
    this.#trial = new Ticket(this, this.#generation);
    return this.#trial;
  }

  /** Takes an attempt's verdict. */
  leave(ticket: Ticket, verdict: Verdict): void {
    if (ticket.generation !== this.#generation) return;
    if (ticket === this.#trial) this.#trial = undefined;
    if (verdict === "neutral") return;
    // opossum reports through its events; the promise only repeats what we told it.
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
      errorThresholdPercentage: errorRate * 100,
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
    this.#closedTicket = new Ticket(this, this.#generation);
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
