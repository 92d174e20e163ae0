import type { BreakerOptions } from "../../gateway/breaker/breaker.ts";
import type { Verdict } from "../../gateway/breaker/admission.ts";
import type { BreakerState } from "../../gateway/exchange/events.ts";

export type ModelOptions = Omit<BreakerOptions, "clock" | "changed">;

export interface ModelAdmission {
  readonly generation: number;
  isSpent: boolean;
}

interface Seen {
  readonly at: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

/** The window is ten buckets, the present one not yet full. */
const buckets = 10;

/** What a breaker should do, in the plainest words: no library, no timers, the time given with each call. */
export class BreakerModel {
  readonly #options: ModelOptions;
  state: BreakerState = "closed";
  reason = "started";
  #generation = 0;
  #closedAt = 0;
  #ramp: { readonly from: number; readonly to: number } | undefined;
  #drawn: { readonly at: number; readonly isAdmitting: boolean } | undefined;
  #openedAt = 0;
  #openMs = 0;
  #backOff = 0;
  #trialsOut = 0;
  #lastTrialAt = -Infinity;
  #trialVerdicts: Verdict[] = [];
  #seen: Seen[] = [];
  #runBeganAt = 0;
  #run = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  timePasses(now: number): void {
    if (this.state === "open" && now >= this.#openedAt + this.#openMs) this.#halfOpen("open_time_over");
  }

  trialNow(): void {
    if (this.state === "open") this.#halfOpen("probe_passed");
  }

  retryAfterMs(now: number): number {
    return this.state === "open" ? this.#openedAt + this.#openMs - now : 0;
  }

  isAdmitting(now: number): boolean {
    if (this.state === "open") return false;
    if (this.state === "half-open") return this.#admitsTrial(now);
    if (this.#ramp === undefined || now >= this.#ramp.to) return true;
    if (this.#drawn?.at === now) return this.#drawn.isAdmitting;
    const share = 0.1 + (0.9 * (now - this.#ramp.from)) / (this.#ramp.to - this.#ramp.from);
    this.#drawn = { at: now, isAdmitting: this.#options.random() < share };
    return this.#drawn.isAdmitting;
  }

  /** A closed breaker takes whoever comes: whether it ramps up was asked before. */
  enter(now: number): ModelAdmission | undefined {
    if (this.state === "open" || (this.state === "half-open" && !this.#admitsTrial(now))) return undefined;
    if (this.state === "half-open") {
      this.#trialsOut += 1;
      this.#lastTrialAt = now;
    }
    return { generation: this.#generation, isSpent: false };
  }

  leave(
    admission: ModelAdmission,
    verdict: Verdict,
    { now, isSlow }: { readonly now: number; readonly isSlow: boolean },
  ): void {
    if (admission.isSpent) return;
    admission.isSpent = true;
    if (admission.generation !== this.#generation) return;
    if (this.state === "half-open") this.#judge(verdict === "success" && isSlow ? "failure" : verdict, now);
    else if (verdict !== "neutral") this.#count({ at: now, isFailure: verdict === "failure", isSlow });
  }

  #admitsTrial(now: number): boolean {
    const { trials } = this.#options;
    return this.#trialsOut + this.#trialVerdicts.length < trials || now >= this.#lastTrialAt + this.#openMs;
  }

  #judge(verdict: Verdict, now: number): void {
    const { trials, errorRate } = this.#options;
    this.#trialsOut -= 1;
    if (verdict === "neutral") return;
    this.#trialVerdicts.push(verdict);
    const failures = this.#trialVerdicts.filter((one) => one === "failure").length;
    const successes = this.#trialVerdicts.length - failures;
    if (isAbove(errorRate, failures, trials)) this.#open("trial_failed", now);
    else if (!isAbove(errorRate, trials - successes, trials)) this.#close(now);
  }

  #count(one: Seen): void {
    const { minimumRequests, errorRate, slowCallMs, slowCallRate } = this.#options;
    this.#seen.push(one);
    if (this.#isRun(one)) return this.#open("no_success", one.at);
    const window = this.#window(one.at);
    const answers = window.filter(({ isFailure }) => !isFailure);
    const count = (all: readonly Seen[], wanted: "isFailure" | "isSlow"): number =>
      all.filter((each) => each[wanted]).length;
    const [failures, slow] = [count(window, "isFailure"), count(answers, "isSlow")];
    if (one.isFailure && window.length >= minimumRequests && isAbove(errorRate, failures, window.length)) {
      this.#open("error_rate", one.at);
    } else if (slowCallMs !== undefined && !one.isFailure && one.isSlow) {
      if (answers.length >= minimumRequests && isAbove(slowCallRate, slow, answers.length))
        this.#open("slow_calls", one.at);
    }
  }

  #isRun({ at, isFailure }: Seen): boolean {
    const { windowMs, minimumRequests } = this.#options;
    if (!isFailure) {
      this.#run = 0;
      return false;
    }
    if (this.#run === 0 || at >= this.#runBeganAt + windowMs) [this.#run, this.#runBeganAt] = [0, at];
    this.#run += 1;
    const succeededAt = this.#seen.findLast((one) => !one.isFailure)?.at ?? this.#closedAt;
    return this.#run >= minimumRequests && at >= succeededAt + windowMs / 10;
  }

  #window(now: number): readonly Seen[] {
    const bucketOf = (at: number): number => Math.floor((at - this.#closedAt) / (this.#options.windowMs / buckets));
    return this.#seen.filter(({ at }) => bucketOf(now) - bucketOf(at) < buckets);
  }

  #open(reason: string, now: number): void {
    const { openMs, maxOpenMs, windowMs, rampMs, random } = this.#options;
    const isSameOutage = this.state === "half-open" || (this.#backOff > 0 && now < this.#closedAt + windowMs + rampMs);
    this.#backOff = isSameOutage ? Math.min(maxOpenMs, this.#backOff * 2) : openMs;
    this.#openMs = isSameOutage ? Math.max(openMs, Math.ceil(this.#backOff * (1 - 0.2 * random()))) : openMs;
    this.#openedAt = now;
    this.#become("open", reason);
  }

  #halfOpen(reason: string): void {
    this.#trialsOut = 0;
    this.#lastTrialAt = -Infinity;
    this.#trialVerdicts = [];
    this.#become("half-open", reason);
  }

  #close(now: number): void {
    this.#seen = [];
    this.#run = 0;
    this.#closedAt = now;
    this.#ramp = { from: now, to: now + this.#options.rampMs };
    this.#drawn = undefined;
    this.#become("closed", "trial_succeeded");
  }

  #become(state: BreakerState, reason: string): void {
    this.state = state;
    this.reason = reason;
    this.#generation += 1;
  }
}

/** No share is above 100 %: that rate is reached. */
function isAbove(rate: number, count: number, of: number): boolean {
  return count > rate * of || count === of;
}
