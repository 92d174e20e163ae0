/** What the gateway's limits are told of an attempt; see gateway/acquire/limit/limit.ts, whose shape this repeats. */
interface Sample {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Gradient2Options {
  /** Default 20, as in the original. */
  readonly min?: number;
  /** Default 200, as in the original. */
  readonly max?: number;
}

const startLimit = 20;
const windowMs = 200;
const leastSamples = 10;
/** Requests that may stand in line at the upstream: what the limit grows by while latency is flat. */
const queueSize = 4;
const smoothing = 0.2;
const longWindows = 600;
const warmUpWindows = 10;

/**
 * A limit that compares latency now with latency over a long time, written for the comparison after the description of
 * Gradient2Limit in Netflix's concurrency-limits, with its defaults but for windows of 200 ms in place of a second:
 *
 *     gradient = clamp(long / short, 0.5, 1)
 *     limit    = 0.8 · limit + 0.2 · (gradient · limit + 4)
 *
 * `short` is the mean of a window of at least ten samples, `long` an exponential mean over 600 windows, which gives way
 * by a tenth where it is more than twice the short one. While less than half of the limit is in use, it stays.
 */
export class Gradient2 {
  readonly #min: number;
  readonly #max: number;
  #limit: number;
  #longMs = 0;
  #windows = 0;
  #shortMs = 0;
  #sumMs = 0;
  #samples = 0;
  #inFlight = 0;
  #peak = 0;
  #endsAt = 0;

  constructor({ min = 20, max = 200 }: Gradient2Options = {}) {
    this.#min = min;
    this.#max = max;
    this.#limit = Math.min(max, Math.max(min, startLimit));
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** The mean of the last window, in milliseconds. */
  get typicalMs(): number {
    return this.#shortMs;
  }

  /** What /status shows of an adaptive limit. */
  get view(): { readonly baseMs: number; readonly medianMs: number; readonly sloMs: number } {
    return { baseMs: this.#longMs, medianMs: this.#shortMs, sloMs: 0 };
  }

  admitted(inFlight: number): void {
    this.#inFlight = inFlight;
    this.#peak = Math.max(this.#peak, inFlight);
  }

  ended({ startedAt, endedAt }: Sample): void {
    this.#sumMs += endedAt - startedAt;
    this.#samples += 1;
    if (endedAt < this.#endsAt) return;
    this.#endsAt = endedAt + windowMs;
    if (this.#samples >= leastSamples) this.#update(this.#sumMs / this.#samples, this.#peak);
    this.#sumMs = 0;
    this.#samples = 0;
    this.#peak = this.#inFlight;
  }

  #update(shortMs: number, peak: number): void {
    this.#shortMs = shortMs;
    this.#windows += 1;
    const weight = this.#windows <= warmUpWindows ? 1 / this.#windows : 2 / (longWindows + 1);
    this.#longMs += (shortMs - this.#longMs) * weight;
    const longMs = this.#longMs;
    if (longMs > 2 * shortMs) this.#longMs *= 0.9;
    if (peak < this.#limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, longMs / shortMs));
    const next = this.#limit * (1 - smoothing) + (this.#limit * gradient + queueSize) * smoothing;
    this.#limit = Math.max(this.#min, Math.min(this.#max, next));
  }
}

/** For gradient2-hook.ts: the name under which the gateway asks for its adaptive limit. */
export { Gradient2 as Knee };
