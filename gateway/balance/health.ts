import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { HealthChange } from "../exchange/events.ts";

export interface HealthOptions {
  /** Between the beginnings of two probes, in milliseconds; 10 % more or less by lot. */
  readonly intervalMs: number;
  /** Failed probes in a row that make a healthy target unhealthy. */
  readonly unhealthyAfter: number;
  /** Passed ones in a row that bring it back. */
  readonly healthyAfter: number;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Probes once. Resolves with what is wrong, in a word, or undefined where all is well; never rejects. */
  readonly probe: () => Promise<string | undefined>;
  readonly changed: (change: HealthChange) => void;
  /** A probe has passed after one that failed, and the target is healthy. */
  readonly recovered: () => void;
}

/** Share of the interval by which a probe may come early or late: gateways started together must not ask together. */
const jitter = 0.1;

/**
 * One target's health as its probes see it. A target is healthy until they say otherwise: a gateway that has just been
 * started serves, and what is not well by then is the breaker's to find out.
 */
export class Health {
  readonly #options: HealthOptions;
  #isHealthy = true;
  #hasFailed = false;
  /** Probes in a row that contradict the present state. */
  #contrary = 0;
  #dueAt = 0;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  /** The first probe comes at a random moment of the first interval. */
  constructor(options: HealthOptions) {
    this.#options = options;
    this.#await(options.clock.now() + options.random() * options.intervalMs);
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** Milliseconds until the target can be healthy at the soonest; 0 where it is. */
  get returnsInMs(): number {
    if (this.#isHealthy) return 0;
    const { clock, intervalMs, healthyAfter } = this.#options;
    const untilNext = Math.max(0, this.#dueAt - clock.now());
    return untilNext + (healthyAfter - this.#contrary - 1) * intervalMs;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async probe(): Promise<void> {
    const { clock, random, intervalMs, probe } = this.#options;
    this.#timer = undefined;
    const nextAt = clock.now() + intervalMs * (1 - jitter + 2 * jitter * random());
    const fault = await probe();
    if (this.#isClosed) return;
    this.#await(nextAt);
    this.#judge(fault);
  }

  #await(dueAt: number): void {
    const { clock } = this.#options;
    this.#dueAt = dueAt;
    this.#timer = clock.setTimeout(probeNow, Math.max(0, dueAt - clock.now()), this);
  }

  #judge(fault: string | undefined): void {
    const { unhealthyAfter, healthyAfter, changed, recovered } = this.#options;
    const isWell = fault === undefined;
    this.#contrary = isWell === this.#isHealthy ? 0 : this.#contrary + 1;
    if (this.#contrary >= (this.#isHealthy ? unhealthyAfter : healthyAfter)) {
      this.#isHealthy = isWell;
      changed({ to: isWell ? "healthy" : "unhealthy", reason: fault ?? "probe_passed", probes: this.#contrary });
      this.#contrary = 0;
    }
    if (isWell && this.#isHealthy && this.#hasFailed) recovered();
    this.#hasFailed = !isWell || (this.#hasFailed && !this.#isHealthy);
  }
}

function probeNow(health: Health): void {
  void health.probe();
}
