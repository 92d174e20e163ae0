import type { Clock } from "../clock.ts";
import type { SheddingConfig } from "../config/schema.ts";
import type { Priority } from "../exchange.ts";
import type { SheddingView } from "../observe/events.ts";
import type { AtTurnsEnd, LoopGauge } from "./loop-turn.ts";

import { Failure } from "../failures/failure.ts";
import { LoopTurn } from "./loop-turn.ts";

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

/** How often the process is looked at, in milliseconds, and what `view` tells of. */
const periodMs = 1000;

/** So many requests of a turn are always let through: where so few come, refusing them is not what helps. */
const admittedPerTurn = 8;

/** One for all of them: nothing in it is of one request. */
const overloaded = new Failure("overloaded");

/**
 * Refuses requests while the process has more to do than it can: the cheapest refusal there is, before anything of a
 * request but its head has been looked at. A request is refused with a chance that grows from 0 to 1 as the turn of the
 * event loop that reads it has worked from `loopDelay.from` to `to`.
 *
 * That is as good as it can be. A turn serves for about `from … to`, then refuses what else has come, and is over: the
 * loop never idles while there is work, and no request waits much longer than `to`. With s the cost of a refusal in units
 * of serving, goodput at L times the capacity is (1 − L·s) / (1 − s). Nothing is remembered from turn to turn, so there is
 * no control loop that could swing, and nothing is refused any more in the first turn that is short again.
 *
 * One for the process, whatever the configuration: it outlives reloads. Each worker has its own. The admin port does not
 * ask it. See docs/decisions/0010-process-shedder.md.
 */
export class Shedder {
  readonly #options: ShedderOptions;
  readonly #turn: LoopTurn;
  #config: SheddingConfig;
  #ranges: Readonly<Record<Priority, Range>>;
  #heapChance = 0;
  /** Looked at first with the first request, or with the first who asks. */
  #periodEndsAt = 0;
  #requests = 0;
  #refused = 0;
  #view: SheddingView = { pressure: 0, utilization: 0, loopDelayMs: 0, heapShare: 0 };

  constructor(options: ShedderOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#ranges = rangesOf(options.config);
    this.#turn = new LoopTurn(options.clock, options.gauge, options.atTurnsEnd);
  }

  /** Lets a request that was read at `now` pass, or throws. Failure: overloaded. */
  admit(priority: Priority, now: number): void {
    const delayMs = this.#turn.enter(now);
    if (now >= this.#periodEndsAt) this.#endPeriod(now);
    this.#requests++;
    const chance = this.#chance(priority, delayMs);
    if (chance === 0 || this.#options.random() >= chance) return;
    this.#refused++;
    throw overloaded;
  }

  reconfigure(config: SheddingConfig): void {
    this.#config = config;
    this.#ranges = rangesOf(config);
  }

  /** Of the last whole second in which there were requests. */
  get view(): SheddingView {
    const now = this.#options.clock.now();
    if (now >= this.#periodEndsAt) this.#endPeriod(now);
    return this.#view;
  }

  #chance(priority: Priority, delayMs: number): number {
    if (!this.#config.enabled) return 0;
    const late = this.#turn.requests > admittedPerTurn ? scaled(delayMs, this.#ranges[priority]) : 0;
    return Math.max(late, this.#heapChance);
  }

  #endPeriod(now: number): void {
    const { gauge } = this.#options;
    const heapShare = gauge.heapShare();
    this.#heapChance = scaled(heapShare, this.#config.heap);
    const refusedShare = this.#requests === 0 ? 0 : this.#refused / this.#requests;
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

/** The critical are what the others are refused for: they begin to be where refusing all others did not help. */
function rangesOf({ loopDelay: { from, to } }: SheddingConfig): Readonly<Record<Priority, Range>> {
  return { sheddable: { from: from / 2, to: from }, normal: { from, to }, critical: { from: 2 * to, to: 4 * to } };
}

function scaled(value: number, { from, to }: Range): number {
  return from === to ? Number(value >= to) : Math.min(1, Math.max(0, (value - from) / (to - from)));
}
