import type { LoadPhase } from "./plan.ts";

/**
 * The intended starts of all requests, in milliseconds since the start of the load, worked out before anything is
 * sent and whatever becomes of it: the loop is open. A phase's arrivals begin anew with it, which a Poisson process
 * does not notice.
 */
export class Schedule {
  /** Of the next arrival; Infinity after the last. */
  dueAtMs = 0;
  /** The place of its phase among the phases. */
  phase = -1;
  /** Of each phase, and of the end of the last. */
  readonly startsAtMs: readonly number[];
  readonly #phases: readonly LoadPhase[];
  readonly #random: () => number;
  /** Of this phase, so far: constant arrivals are multiples, because a sum of gaps would drift. */
  #count = 0;

  constructor(phases: readonly LoadPhase[], random: () => number) {
    this.#phases = phases;
    this.#random = random;
    const startsAtMs = [0];
    for (const { seconds } of phases) startsAtMs.push((startsAtMs.at(-1) ?? 0) + seconds * 1000);
    this.startsAtMs = startsAtMs;
    this.#beginPhase();
  }

  get endsAtMs(): number {
    return this.startsAtMs.at(-1) ?? 0;
  }

  /** On to the next arrival. */
  advance(): void {
    const phase = this.#phases[this.phase];
    if (phase === undefined) return;
    this.#count += 1;
    this.dueAtMs =
      phase.spacing === "constant"
        ? this.#startOf(this.phase) + (this.#count * 1000) / phase.ratePerSecond
        : this.dueAtMs + this.#gapMs(phase.ratePerSecond);
    if (this.dueAtMs >= this.#startOf(this.phase + 1)) this.#beginPhase();
  }

  #beginPhase(): void {
    this.phase += 1;
    this.#count = 0;
    const phase = this.#phases[this.phase];
    if (phase === undefined) {
      this.dueAtMs = Infinity;
      return;
    }
    const isPoisson = phase.spacing !== "constant";
    const wait = isPoisson || phase.ratePerSecond === 0 ? this.#gapMs(phase.ratePerSecond) : 0;
    this.dueAtMs = this.#startOf(this.phase) + wait;
    if (this.dueAtMs >= this.#startOf(this.phase + 1)) this.#beginPhase();
  }

  /** Exponential. 1 − x, because the logarithm of 0 is none. */
  #gapMs(ratePerSecond: number): number {
    return (-Math.log(1 - this.#random()) * 1000) / ratePerSecond;
  }

  #startOf(phase: number): number {
    return this.startsAtMs[phase] ?? Infinity;
  }
}
