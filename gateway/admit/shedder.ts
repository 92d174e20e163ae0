import type { Clock } from "../exchange/clock.ts";
import type { SheddingConfig } from "../config/schema.ts";
import type { Priority } from "../exchange/exchange.ts";
import type { SheddingView } from "../exchange/events.ts";
import type { AtTurnsEnd, LoopGauge } from "./loop-turn.ts";

import { Failure } from "../failures/failure.ts";
import { LoopTurn } from "./loop-turn.ts";
import { OverloadDetector } from "./overload-detector.ts";

/** What can be read of the process that serves. Shares, 0 … 1. */
export interface ProcessGauge extends LoopGauge {
  /** Of the time since it was read last, that in which the event loop worked. */
  utilization(): number;
  /** Of the heap's limit, what is in use. */
  heapShare(): number;
}

export interface ShedderOptions {
  readonly config: SheddingConfig;
  readonly gauge: ProcessGauge;
  readonly clock: Clock;
  readonly atTurnsEnd: AtTurnsEnd;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** How often the heap is looked at, and the period that `view` tells of. Milliseconds. */
const periodMs = 1000;

/** An overload is over if less than this share of a period's requests was refused. */
const calmShare = 0.01;

/**
 * The patience is CPU time of the process itself: a turn that is long because other processes had the CPU is not shortened
 * by refusals. It is time by the clock where the process has less than this part of a CPU, to bound what callers wait.
 */
const leastCpuShare = 1 / 3;

/** One for all requests: it holds nothing of any of them. */
const overloaded = new Failure("overloaded");

/**
 * Refuses requests while the process has more to do than it can: the cheapest refusal there is, before anything of a
 * request but its head has been read.
 *
 * It is patient at first. A turn of the event loop may work for `patience`, which serves a burst or a closed loop of
 * clients whole; only what it reads later is refused. During an overload (see OverloadDetector) a request is refused with a
 * chance that grows from 0 to 1 as its turn has worked from `loopDelay.from` to `to`. Such a turn serves for about that
 * long, refuses what else has arrived, and ends: the loop never idles while there is work, and no request waits much
 * longer than two such turns. With s the cost of a refusal, as a share of the cost of serving, goodput at L times the
 * capacity is (1 − L·s) / (1 − s), which is the most that is possible.
 *
 * There is one for the process, whatever the configuration: it outlives reloads. Each worker has its own. The admin port
 * does not ask it. See docs/decisions/0013-burst-or-overload.md.
 */
export class Shedder {
  readonly #options: ShedderOptions;
  readonly #turn: LoopTurn;
  readonly #detector: OverloadDetector;
  #config: SheddingConfig;
  #ranges: Ranges;
  #heapChance = 0;
  #periodEndsAt = 0;
  #requests = 0;
  #refused = 0;
  #view: SheddingView = { pressure: 0, utilization: 0, loopDelayMs: 0, heapShare: 0 };

  constructor(options: ShedderOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#ranges = rangesOf(options.config);
    this.#turn = new LoopTurn(options.clock, options.gauge, options.atTurnsEnd);
    this.#detector = new OverloadDetector(options.config);
  }

  /** Admits a request that was read at `now`: undefined, or the failure `overloaded`, returned because a throw costs more. */
  admit(priority: Priority, now: number): Failure | undefined {
    const delayMs = this.#turn.enter(now);
    if (this.#turn.requests === 1) this.#detector.beginTurn(now, this.#turn.previous);
    if (now >= this.#periodEndsAt) this.#endPeriod(now);
    this.#requests++;
    const chance = this.#chance(priority, delayMs, now);
    if (chance === 0 || this.#options.random() >= chance) return undefined;
    this.#refused++;
    return overloaded;
  }

  reconfigure(config: SheddingConfig): void {
    this.#config = config;
    this.#ranges = rangesOf(config);
    this.#detector.reconfigure(config);
  }

  /** What was seen in the last period that had requests. */
  get view(): SheddingView {
    const now = this.#options.clock.now();
    if (now >= this.#periodEndsAt) this.#endPeriod(now);
    return this.#view;
  }

  #chance(priority: Priority, delayMs: number, now: number): number {
    if (!this.#config.enabled) return 0;
    if (!this.#turn.isBusy) return this.#heapChance;
    return Math.max(this.#lateChance(priority, delayMs, now), this.#heapChance);
  }

  #lateChance(priority: Priority, delayMs: number, now: number): number {
    const { isPatient, patient, overload } = this.#ranges;
    const { patience } = this.#config;
    if (!isPatient || this.#detector.isOverloaded) return scaled(delayMs, overload[priority]);
    // Below half of the patience nothing is refused; the CPU time need not be read.
    if (delayMs < patience / 2) return 0;
    const ownMs = Math.max(this.#turn.ownMs(), delayMs * leastCpuShare);
    if (ownMs >= patience) this.#detector.late(now);
    return this.#detector.isOverloaded ? scaled(delayMs, overload[priority]) : scaled(ownMs, patient[priority]);
  }

  #endPeriod(now: number): void {
    const { gauge } = this.#options;
    const heapShare = gauge.heapShare();
    this.#heapChance = scaled(heapShare, this.#config.heap);
    const refusedShare = this.#requests === 0 ? 0 : this.#refused / this.#requests;
    if (refusedShare < calmShare) this.#detector.calm(this.#periodEndsAt - periodMs, now);
    const pressure = this.#config.enabled ? Math.max(refusedShare, this.#heapChance) : 0;
    this.#view = { pressure, utilization: gauge.utilization(), loopDelayMs: this.#turn.takeLongest(), heapShare };
    this.#requests = this.#refused = 0;
    this.#periodEndsAt = now + periodMs;
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

type ByPriority = Readonly<Record<Priority, Range>>;

/** Milliseconds of a turn in which the chance of a refusal grows from 0 to 1. */
interface Ranges {
  /** Whether the patience is longer than a turn of an overload. */
  readonly isPatient: boolean;
  readonly patient: ByPriority;
  readonly overload: ByPriority;
}

/** The critical requests are refused only where refusing all others did not help, whether there is an overload or not. */
function rangesOf({ patience, loopDelay: { from, to } }: SheddingConfig): Ranges {
  const critical = { from: Math.max(patience, 2 * to), to: Math.max(2 * patience, 4 * to) };
  const overload = { sheddable: { from: from / 2, to: from }, normal: { from, to }, critical };
  const patient = { sheddable: cut(patience / 2), normal: cut(patience), critical };
  return { isPatient: patience > to, patient, overload };
}

function cut(at: number): Range {
  return { from: at, to: at };
}

function scaled(value: number, { from, to }: Range): number {
  return from === to ? Number(value >= to) : Math.min(1, Math.max(0, (value - from) / (to - from)));
}
