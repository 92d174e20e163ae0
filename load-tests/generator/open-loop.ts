import type { ClientClass } from "./client-class.ts";
import type { Address } from "./connection.ts";
import type { Bucket, LoadResult } from "./load-result.ts";
import type { Tallies } from "./phase-results.ts";
import type { LoadPlan } from "./plan.ts";

import { Attack } from "./attack.ts";
import { Calls } from "./calls.ts";
import { compileClasses, drawClass } from "./client-class.ts";
import { latencyHistogram, percentileMs, record } from "./latency.ts";
import { makeTallies, phaseResults, sumOf } from "./phase-results.ts";
import { seededRandom } from "./random.ts";
import { Schedule } from "./schedule.ts";
import { Series } from "./series.ts";
import { standingConnections } from "./standing-connections.ts";
import { judge } from "./validity.ts";

export interface Watcher {
  readonly onPhase?: (name: string, atMs: number) => void;
  readonly onBucket?: (bucket: Bucket) => void;
}

/**
 * Time spent on writing in one go, where the generator is behind: then answers are read, which sets connections free.
 * Otherwise it would open one for each request that is late, which costs more than the request: it would fall back
 * further. Lateness is to be shown, not to be made worse.
 */
const writingMs = 1;
const sweepMs = 250;

/**
 * Sends requests at the times of a schedule, whatever becomes of them. Before the first, the connections of the busiest
 * phase stand. One timer of a millisecond drives all, and what
 * falls due between two of its ticks is sent as answers come in. It never spins: the core that this would take belongs
 * to what is measured.
 */
export class OpenLoop {
  readonly #plan: LoadPlan;
  readonly #watcher: Watcher;
  readonly #classes: readonly ClientClass[];
  readonly #schedule: Schedule;
  /** Apart from the schedule's: arrivals stay the same whatever classes there are. */
  readonly #random: () => number;
  readonly #tallies: Tallies;
  readonly #series: Series;
  readonly #calls: Calls;
  readonly #attacks: readonly Attack[];
  readonly #lag = latencyHistogram();
  readonly #ended = Promise.withResolvers<void>();
  #phasesBegun = 0;
  #sweptAtMs = 0;
  #isCatchingUp = false;
  #originMs = 0;

  constructor(plan: LoadPlan, addresses: readonly [Address, ...Address[]], watcher: Watcher = {}) {
    this.#plan = plan;
    this.#watcher = watcher;
    this.#classes = compileClasses(plan);
    this.#schedule = new Schedule(plan.phases, seededRandom(plan.seed));
    this.#random = seededRandom(plan.seed + 1);
    this.#tallies = makeTallies(plan);
    this.#series = new Series({
      classes: plan.classes.map(({ name }) => name),
      endsAtMs: this.#schedule.endsAtMs,
      phaseAt: (atMs) => plan.phases[this.#schedule.startsAtMs.findLastIndex((start) => start <= atMs)]?.name ?? "",
      onBucket: (bucket) => watcher.onBucket?.(bucket),
    });
    const clock = (): number => this.#nowMs();
    // One for one at most: more would make the answers that wait to be read wait longer.
    const afterAnswer = (nowMs: number): void => void this.#releaseOne(nowMs);
    this.#calls = new Calls({ addresses, series: this.#series, clock, afterAnswer });
    this.#attacks = (plan.attackers ?? []).map((attackers) => new Attack(attackers, addresses, clock));
  }

  /** Rejects where nobody listens before the load begins. */
  async run(): Promise<LoadResult> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.#calls.pool.warm(standingConnections(this.#plan.phases, this.#plan.answerMs));
      this.#originMs = performance.now();
      timer = setInterval(() => this.#turn(), 1);
      await this.#ended.promise;
    } finally {
      clearInterval(timer);
      for (const attack of this.#attacks) attack.close();
      this.#calls.pool.close();
    }
    return this.#result();
  }

  #nowMs(): number {
    return performance.now() - this.#originMs;
  }

  #turn(): void {
    const nowMs = this.#nowMs();
    this.#beginPhases(nowMs);
    this.#releaseAll(nowMs);
    this.#calls.advance(nowMs);
    for (const attack of this.#attacks) attack.advance(nowMs);
    if (nowMs - this.#sweptAtMs >= sweepMs) {
      this.#sweptAtMs = nowMs;
      this.#calls.pool.sweep(nowMs);
    }
    if (this.#schedule.dueAtMs <= nowMs) this.#catchUp();
    else this.#series.advance(nowMs);
    const isOver = this.#schedule.dueAtMs === Infinity && nowMs >= this.#schedule.endsAtMs;
    if (isOver && this.#calls.openCount === 0) this.#ended.resolve();
  }

  /** Soon, but after the answers that have come in. */
  #catchUp(): void {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    setImmediate(() => {
      this.#isCatchingUp = false;
      this.#turn();
    });
  }

  #beginPhases(nowMs: number): void {
    for (;;) {
      const atMs = this.#schedule.startsAtMs[this.#phasesBegun] ?? Infinity;
      const phase = this.#plan.phases[this.#phasesBegun];
      if (phase === undefined || nowMs < atMs) return;
      this.#phasesBegun += 1;
      this.#watcher.onPhase?.(phase.name, atMs);
      for (const attack of this.#attacks) attack.begin(phase.name, nowMs);
    }
  }

  #releaseAll(beganAtMs: number): void {
    let nowMs = beganAtMs;
    while (this.#schedule.dueAtMs <= nowMs && nowMs < beganAtMs + writingMs) nowMs = this.#releaseOne(nowMs);
  }

  /** Answers the time afterwards. */
  #releaseOne(nowMs: number): number {
    const { dueAtMs, phase } = this.#schedule;
    if (dueAtMs > nowMs) return nowMs;
    this.#schedule.advance();
    this.#start(dueAtMs, phase);
    return this.#nowMs();
  }

  #start(intendedAtMs: number, phase: number): void {
    const client = drawClass(this.#classes, this.#random());
    const tally = this.#tallies[phase]?.[client?.place ?? 0];
    if (client === undefined || tally === undefined) return;
    this.#series.offer(intendedAtMs);
    tally.offered += 1;
    const lagMs = this.#nowMs() - intendedAtMs;
    record(this.#lag, lagMs);
    const isLeaving = this.#random() < client.leaveShare;
    // So late that its client would be gone: to send it now would make a generator that is behind fall back further.
    if (lagMs >= client.deadlineMs) tally.fail("dropped");
    else this.#calls.start({ client, tally, intendedAtMs, isLeaving });
  }

  #result(): LoadResult {
    const { offered, dropped } = sumOf(this.#tallies, this.#plan.ports.length);
    return {
      phases: phaseResults(this.#plan, this.#tallies, this.#schedule.startsAtMs),
      buckets: this.#series.buckets,
      attackers: this.#attacks.map((attack) => attack.result()),
      validity: judge({ lagP99Ms: percentileMs(this.#lag, 99), dropped, offered }),
    };
  }
}
