import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { BreakerChange, BreakerState, OpenReason } from "../exchange/events.ts";
import type { Machine, WindowOptions } from "./machine.ts";
import type { Verdict } from "./admission.ts";

import { FailureRun } from "./failure-run.ts";
import { closedMachine, countSuccess, halfOpenMachine, tell } from "./machine.ts";
import { OpenTime } from "./open-time.ts";
import { Ramp } from "./ramp.ts";
import { BreakerAdmission } from "./admission.ts";
import { Trials } from "./trials.ts";

/** All times in milliseconds, all rates as fractions. */
export interface BreakerOptions extends WindowOptions {
  /** Failures among the window's verdicts above which it opens. */
  readonly errorRate: number;
  /** How long it stays open before a trial, and up to which that grows while trials fail. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Requests that decide whether it closes. */
  readonly trials: number;
  /** How long after closing it takes to admit everybody again; 0 for at once. */
  readonly rampMs: number;
  /** An answer whose head takes longer is slow; undefined for none. */
  readonly slowCallMs: number | undefined;
  /** Slow ones among the window's good answers above which it opens. */
  readonly slowCallRate: number;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Hears every change of state. */
  readonly changed: (change: BreakerChange) => void;
}

/**
 * One target's breaker: opossum counts and decides, this class is everything that it lacks.
 *
 * The attempt does not run inside opossum. It runs outside and its verdict is fired afterwards, so that a neutral
 * outcome reaches opossum as neither success nor failure, calls in flight or rejected do not dilute the rate, and no
 * call can hang in it. A verdict from before the latest change of state is ignored: a straggler knows nothing of the
 * present. Each state begins with opossum machines of its own, so that nothing of the last one is left in them; time
 * is kept here, on the clock that is passed in.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #openTime: OpenTime;
  readonly #opens: Record<OpenReason, number> = { error_rate: 0, slow_calls: 0, no_success: 0, trial_failed: 0 };
  /** What the verdicts are fired into: while closed the window, while half-open the judge of the trials. */
  #machine: Machine | undefined;
  #slowCalls: Machine | undefined;
  #run: FailureRun;
  #trials: Trials | undefined;
  readonly #ramp: Ramp;
  #timer: TimerHandle | undefined;
  #state: BreakerState = "closed";
  #reason = "started";
  #generation = 0;
  #openMs = 0;
  #openedAt = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#openTime = new OpenTime({ ...options, relapseMs: options.windowMs + options.rampMs });
    this.#ramp = new Ramp(options);
    this.#run = this.#watch();
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Of the latest change of state. */
  get reason(): string {
    return this.#reason;
  }

  /** How often it has opened. */
  get opens(): Readonly<Record<OpenReason, number>> {
    return this.#opens;
  }

  get slowCallMs(): number {
    return this.#options.slowCallMs ?? Infinity;
  }

  /** Milliseconds until a request may be admitted; 0 where one may be now, or a trial's verdict is awaited. */
  get retryAfterMs(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#openedAt + this.#openMs - this.#options.clock.now());
  }

  /**
   * Whether the next request may go here; who chooses a target asks, and then enters. While the breaker ramps up it is
   * drawn by lot.
   */
  get isAdmitting(): boolean {
    const now = this.#options.clock.now();
    if (this.#state === "closed") return this.#ramp.admits(now);
    return this.#trials?.admits(now) ?? false;
  }

  /** Admits a request that was let through; undefined where none may pass. An admission without a verdict counts for nothing. */
  enter(): BreakerAdmission | undefined {
    if (this.#state === "closed") return new BreakerAdmission(this, this.#generation, false);
    const now = this.#options.clock.now();
    if (this.#trials?.admits(now) !== true) return undefined;
    this.#trials.begin(now);
    return new BreakerAdmission(this, this.#generation, true);
  }

  /** Takes an attempt's verdict; the first stands. */
  leave(admission: BreakerAdmission, verdict: Verdict): void {
    if (admission.isSpent) return;
    admission.isSpent = true;
    if (admission.generation !== this.#generation || this.#machine === undefined) return;
    if (this.#trials !== undefined) this.#judge(admission, verdict);
    else if (verdict !== "neutral") this.#count(admission, verdict);
  }

  /** Brings the trial forward: somebody has seen the target well. Nothing where it is not open. */
  trialNow(): void {
    if (this.#timer !== undefined) this.#halfOpen("probe_passed");
  }

  /** The end: what comes now counts for nothing. */
  close(): void {
    this.#endState();
  }

  #count(admission: BreakerAdmission, verdict: "success" | "failure"): void {
    const now = this.#options.clock.now();
    if (verdict === "success") {
      this.#run.success(now);
      if (admission.isSlow) tell(this.#slowCalls, false);
      else countSuccess(this.#slowCalls);
      return countSuccess(this.#machine);
    }
    if (this.#run.failure(now)) {
      const { count } = this.#run;
      return this.#open("no_success", { failures: count, requests: count, windowMs: this.#options.windowMs });
    }
    tell(this.#machine, false);
  }

  // The trials keep their places until opossum, which takes some microtasks, has changed the state.
  #judge(admission: BreakerAdmission, verdict: Verdict): void {
    const isTooSlow = verdict === "success" && admission.isSlow;
    const together = this.#trials?.end(isTooSlow ? "failure" : verdict);
    if (together !== undefined) tell(this.#machine, together === "success");
  }

  /** A closed breaker begins with empty windows: what opened it must not open it again. */
  #watch(): FailureRun {
    const { errorRate, slowCallRate, windowMs, minimumRequests: minimum, clock } = this.#options;
    this.#machine = this.#newWindow(errorRate, "error_rate");
    if (this.#options.slowCallMs !== undefined) this.#slowCalls = this.#newWindow(slowCallRate, "slow_calls");
    return new FailureRun({ minimum, windowMs, silenceMs: windowMs / 10 }, clock.now());
  }

  #newWindow(rate: number, reason: OpenReason): Machine {
    const { windowMs } = this.#options;
    const machine = closedMachine(rate, this.#options);
    machine.on("open", () => {
      const { failures, fires } = machine.stats;
      this.#open(reason, { failures, requests: fires, windowMs });
    });
    return machine;
  }

  #open(reason: OpenReason, counted: Pick<BreakerChange, "failures" | "requests" | "windowMs"> = {}): void {
    const { clock } = this.#options;
    const now = clock.now();
    this.#endState();
    this.#opens[reason]++;
    this.#openedAt = now;
    this.#openMs = this.#openTime.next(now);
    this.#timer = clock.setTimeout(tryAgain, this.#openMs, this);
    this.#change({ from: this.#state, to: "open", reason, openMs: this.#openMs, ...counted });
  }

  /** The open time is over; called by its timer. */
  openTimeOver(): void {
    this.#halfOpen("open_time_over");
  }

  #halfOpen(reason: string): void {
    const { trials: count, errorRate } = this.#options;
    this.#endState();
    this.#trials = new Trials({ count, errorRate, patienceMs: this.#openMs });
    this.#machine = halfOpenMachine();
    this.#machine.on("open", () => this.#open("trial_failed"));
    this.#machine.on("close", () => this.#close());
    this.#change({ from: "open", to: "half-open", reason });
  }

  #close(): void {
    const now = this.#options.clock.now();
    this.#endState();
    this.#ramp.begin(now);
    this.#openTime.closed(now);
    this.#run = this.#watch();
    this.#change({ from: "half-open", to: "closed", reason: "trial_succeeded" });
  }

  #change(change: BreakerChange): void {
    this.#state = change.to;
    this.#reason = change.reason;
    this.#generation++;
    this.#options.changed(change);
  }

  #endState(): void {
    const machines = [this.#machine, this.#slowCalls];
    this.#machine = this.#slowCalls = this.#trials = undefined;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    // Its listeners go with it: a verdict that it is still busy with changes nothing any more.
    machines.forEach((machine) => machine?.shutdown());
  }
}

function tryAgain(breaker: Breaker): void {
  breaker.openTimeOver();
}
