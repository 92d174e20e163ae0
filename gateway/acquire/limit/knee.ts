import type { KneeView } from "../../exchange/events.ts";
import type { Limit, Sample } from "./limit.ts";

import { LatencyWindow } from "./latency-window.ts";

export interface KneeOptions {
  readonly min: number;
  readonly max: number;
  /** Median latency over which the limit is halved first and asked about afterwards, in milliseconds. */
  readonly sloMs: number;
}

/** A cut whose effect is awaited: what was when it was made, or when more requests were at the upstream than then. */
interface Cut {
  readonly limit: number;
  /** Mean of the requests at the upstream. */
  readonly inFlight: number;
  /** Undefined where the window mixed latencies from before and after. */
  readonly medianMs: number | undefined;
  /** The limit before the first cut that has not helped. */
  readonly top: number;
}

/** The limit and the median before the first halving of several. */
interface Halving {
  readonly limit: number;
  readonly medianMs: number;
}

const startLimit = 20;
const checkEveryMs = 50;
const firstDoubtMs = 8_000;
const lastDoubtMs = 60_000;
/** Up to this ratio of the median to its base there is no queue of ours. */
const tolerance = 1.75;
/** Up to this one the limit may grow where the base was raised: it is less certain then. */
const raisedTolerance = 1.3;
/** Nor is there one that is shorter than this: timers, the collector and the event loop make as much. */
const ownNoiseMs = 5;
/** A cut tells something once so few of the requests are left at the upstream. */
const tellingPart = 0.8;
/** Had all the latency been a queue of ours, it had fallen as much as the requests: less than this part is no help. */
const helpfulGain = 0.33;
/** A cut has helped where the median is below this part of what it was. */
const helpfulPart = 0.85;

/**
 * A limit that follows the knee of the upstream's latency curve: the number of requests beyond which more of them get
 * no more done and only wait for each other. By Little's law that is throughput × unloaded latency; what is measured is
 * the gradient r = p / base, with p the median of a window and base the least median seen.
 *
 * Each window (200 ms and 10 samples at least; 25 samples, or 1 s) ends in one decision. Where the limit was the reason,
 * at least half of it having been used:
 *
 * - p > slo, or more than a tenth got no answer → limit / 2
 * - r ≤ 1.75, or p within 5 ms of base → limit + 0.75 √limit while p < 0.6 slo; where a verdict has raised base, while
 *   r ≤ 1.3 and p < 0.3 slo
 * - otherwise → limit × max(0.75, 1.75 / r)
 *
 * A cut must show. Once a fifth fewer requests are at the upstream, the latency has to have fallen by a third of that:
 * else it is not our queue, the upstream has become slower by itself, and a limit that went on falling would shed for
 * nothing. It is restored, and the latency accepted as the base. What counts is the requests that were there, not the
 * limit: below it their number floats, and a cut that does not reach it says nothing. Over slo the same is asked after
 * two halvings only, and only where nine tenths were answered, since past the clients' deadlines all samples look alike;
 * slo is lifted to four times the median then, until half of it is kept again, or clients give up.
 *
 * The other guards. Such a verdict is doubted after 8 s (then 16 s, up to 60 s): with several gateways on one upstream
 * a single one's cut helps only in part, and a base that was never doubted would ratchet up with every verdict. The
 * first window of a surge mixes old and new latencies, and nothing is concluded from it. Samples begun before a
 * decision, or while the queue that led to it is still there (settle), say nothing about it. A client that gave up early
 * says nothing at all. An upstream's own 503 counts as an answer of 2 base: some are its faults, and no reason to send
 * less; where most are, it has too much to do.
 *
 * Decisions are made when samples end, so there is no timer.
 *
 * After Netflix's concurrency-limits (Gradient2Limit, Apache-2.0) and Envoy's adaptive concurrency filter, which both
 * take a latency shift for a queue. Figures: docs/decisions/0009-adaptive-limit.md.
 */
export class Knee implements Limit {
  readonly #options: KneeOptions;
  readonly #window = new LatencyWindow();
  #limit: number;
  #capMs: number;
  #baseMs = Infinity;
  #bestMs = Infinity;
  #medianMs = 0;
  #cut: Cut | undefined;
  #halving: Halving | undefined;
  #doubtAt = Infinity;
  #doubtMs = firstDoubtMs;
  #inFlight = 0;
  #peak = 0;
  #from = 0;
  #checkedAt = 0;

  constructor(options: KneeOptions) {
    this.#options = options;
    this.#capMs = options.sloMs;
    this.#limit = Math.min(options.max, Math.max(options.min, startLimit));
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get typicalMs(): number {
    return this.#medianMs;
  }

  get view(): KneeView {
    const baseMs = this.#baseMs === Infinity ? 0 : this.#baseMs;
    return { baseMs, medianMs: this.#medianMs, sloMs: this.#options.sloMs };
  }

  admitted(inFlight: number): void {
    this.#inFlight = inFlight;
    if (inFlight > this.#peak) this.#peak = inFlight;
  }

  ended({ startedAt, endedAt, outcome }: Sample): void {
    const { sloMs } = this.#options;
    const latencyMs = endedAt - startedAt;
    if (startedAt < this.#from || (outcome === "unanswered" && latencyMs <= sloMs)) return;
    // An upstream that refuses at once is not fast; nor is that its latency, so it may not raise base over slo.
    const leastMs = outcome === "unavailable" ? Math.min(2 * this.#baseMs, sloMs) : 0;
    this.#window.add(Math.max(latencyMs, leastMs), outcome, this.#inFlight);
    if (endedAt - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = endedAt;
    if (this.#isTelling(endedAt)) this.#decide(endedAt);
  }

  #isTelling(now: number): boolean {
    const ageMs = now - this.#from;
    const { count } = this.#window;
    return ageMs >= 200 && count >= 10 && (count >= 25 || ageMs >= 1000);
  }

  #decide(now: number): void {
    const { medianMs } = this.#window;
    this.#medianMs = medianMs;
    this.#baseMs = Math.min(this.#baseMs, medianMs);
    this.#bestMs = Math.min(this.#bestMs, medianMs);
    if (now >= this.#doubtAt) this.#doubt();
    if (medianMs <= 0.5 * this.#options.sloMs || this.#window.isUnanswered) this.#capMs = this.#options.sloMs;
    const settleMs = this.#move(medianMs, now);
    this.#window.clear();
    this.#peak = 0;
    this.#from = now + settleMs;
  }

  /** Answers for how many milliseconds what follows still shows what was before. */
  #move(medianMs: number, now: number): number {
    const isBusy = 2 * this.#peak >= this.#limit;
    if (medianMs > this.#capMs || this.#window.isFailing) return isBusy ? this.#answerExcess(medianMs, now) : 0;
    this.#halving = undefined;
    const ratio = medianMs / this.#baseMs;
    if (ratio > tolerance && medianMs - this.#baseMs > ownNoiseMs)
      return isBusy ? this.#answerQueue(medianMs, ratio, now) : 0;
    this.#cut = undefined;
    const isProven = this.#baseMs <= 1.2 * this.#bestMs;
    if (isProven) this.#trust();
    // A raised base may be a false verdict, or hide the queue of several gateways: it may rise by little, not for long.
    const isRoomy = isProven ? medianMs < 0.6 * this.#capMs : medianMs < 0.3 * this.#capMs && ratio <= raisedTolerance;
    if (isBusy && isRoomy) this.#grow();
    return 0;
  }

  #grow(): void {
    this.#limit = Math.min(this.#options.max, this.#limit + Math.max(1, 0.75 * Math.sqrt(this.#limit)));
  }

  /** Over the cap: cuts deep. */
  #answerExcess(medianMs: number, now: number): number {
    const before = this.#halving ?? { limit: this.#limit, medianMs };
    if (this.#isOwnPace(medianMs, before)) {
      this.#capMs = 4 * medianMs;
      this.#acquit(medianMs, before.limit, now);
      return 0;
    }
    this.#halving = before;
    this.#limit = Math.max(this.#options.min, this.#limit / 2);
    this.#cut = undefined;
    this.#baseMs = this.#bestMs;
    return Math.min(medianMs, this.#options.sloMs);
  }

  /** With a fraction of the requests it takes as long, and answers: that is how fast it is. */
  #isOwnPace(medianMs: number, { limit, medianMs: beforeMs }: Halving): boolean {
    if (this.#halving === undefined || this.#limit > Math.max(this.#options.min, 0.3 * limit)) return false;
    return medianMs >= helpfulPart * beforeMs && !this.#window.isUnanswered;
  }

  /** A queue, within the cap: cuts step by step, and watches whether that helps. */
  #answerQueue(medianMs: number, ratio: number, now: number): number {
    const { inFlight } = this.#window;
    const limit = this.#limit;
    const cut = this.#cut;
    if (cut === undefined) {
      this.#cut = { limit, inFlight, medianMs: undefined, top: limit };
      return 0;
    }
    if (cut.medianMs === undefined) {
      this.#cut = { limit, inFlight, medianMs, top: limit };
    } else if (inFlight > cut.inFlight) {
      this.#cut = { limit, inFlight, medianMs, top: cut.top };
    } else if (this.#isInVain(inFlight / cut.inFlight, medianMs / cut.medianMs)) {
      this.#acquit(medianMs, cut.top, now);
      return 0;
    } else if (medianMs < helpfulPart * cut.medianMs) {
      this.#doubtMs = firstDoubtMs;
      this.#cut = { limit, inFlight, medianMs, top: cut.limit };
    }
    this.#limit = Math.max(this.#options.min, limit * Math.max(0.75, tolerance / ratio));
    return medianMs;
  }

  /** Of the requests and of the latency, so much is left. */
  #isInVain(inFlightPart: number, latencyPart: number): boolean {
    const isTelling = inFlightPart <= tellingPart || this.#limit <= this.#options.min;
    return isTelling && 1 - latencyPart <= helpfulGain * (1 - inFlightPart);
  }

  /** We cut and it has not helped: the latency is not ours. */
  #acquit(medianMs: number, top: number, now: number): void {
    this.#baseMs = medianMs;
    this.#limit = top;
    this.#cut = this.#halving = undefined;
    this.#doubtAt = now + this.#doubtMs;
    this.#doubtMs = Math.min(2 * this.#doubtMs, lastDoubtMs);
  }

  #doubt(): void {
    this.#baseMs = Math.max(this.#bestMs, this.#baseMs / 3);
    this.#doubtAt = Infinity;
  }

  /** The base is as good as it ever was: there is no verdict left to doubt. */
  #trust(): void {
    this.#doubtAt = Infinity;
    this.#doubtMs = firstDoubtMs;
  }
}
