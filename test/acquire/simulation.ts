import type { Limit, Sample } from "../../gateway/acquire/limit/limit.ts";
import type { Exchange, Priority, UpstreamPermit } from "../../gateway/exchange/exchange.ts";
import type { SimulationBucket, SimulationTally } from "./simulation-tally.ts";
import type { Job, SimulatedAnswer, SimulatedService } from "./simulation-upstream.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { seeded } from "../support/seeded.ts";
import { EventClock } from "./event-clock.ts";
import { bucketMs, emptyTally } from "./simulation-tally.ts";
import { SimulatedUpstream } from "./simulation-upstream.ts";

/** One kind of request. */
export interface Kind {
  readonly share: number;
  /** Mean of a lognormal, before the phase's slow-down. */
  readonly serviceMs: number;
  readonly priority?: Priority;
}

export interface SimulatedPhase {
  readonly durationMs: number;
  /** Requests a second, all gateways together. Poisson. */
  readonly rate: number;
  /** Times the service takes as long: capacity falls. */
  readonly slowdown?: number;
  /** Added to each answer: capacity stays. */
  readonly shiftMs?: number;
  /** The observer is late by up to this much, another time each 100 ms. */
  readonly noiseMs?: number;
  /** Share of the requests that get a 503 at once, whatever the load. */
  readonly faultShare?: number;
  readonly kinds?: readonly Kind[];
}

export interface SimulationSetting extends SimulatedService {
  readonly seed: number;
  readonly limit: () => Limit;
  readonly gateways?: number;
  readonly queueDepth?: number;
  /** Default 100. */
  readonly queueWaitMs?: number;
  /** Of the lognormal service times; default 0.5. */
  readonly sigma?: number;
  /** Clients give up after this long. */
  readonly patienceMs?: number;
  readonly phases: readonly SimulatedPhase[];
}

const plain: readonly Kind[] = [{ share: 1, serviceMs: 20 }];
const clientClosed = new Failure("client_closed");

/** One request on its way through the simulation. */
interface Visit {
  readonly gateway: number;
  readonly exchange: Exchange;
  readonly arrivedAt: number;
  readonly phase: SimulatedPhase;
  readonly kind: number;
  readonly tally: SimulationTally;
  permit: UpstreamPermit | undefined;
  job: Job | undefined;
  sentAt: number;
  isOver: boolean;
}

/**
 * A discrete-event simulation of clients, gateways and an upstream, around the gateway's own admission: arrivals, service
 * times and patience are simulated, permits, queue and limit are the real ones. The same seed gives the same run.
 */
export class Simulation {
  readonly #setting: SimulationSetting;
  readonly #clock = new EventClock();
  readonly #random: () => number;
  readonly #upstream: SimulatedUpstream;
  readonly #gateways: Concurrency[];
  #noise = 0;
  #noiseUntil = 0;
  readonly tallies: SimulationTally[];
  /** Good answers by the 250 ms in which they came, since the start. */
  readonly goodEnds: number[] = [];

  constructor(setting: SimulationSetting) {
    const { seed, limit, queueDepth, queueWaitMs = 100, gateways = 1 } = setting;
    this.#setting = setting;
    this.#random = seeded(seed);
    this.#upstream = new SimulatedUpstream(this.#clock, setting);
    const options = { clock: this.#clock, queueDepth, queueWaitMs };
    this.#gateways = Array.from({ length: gateways }, () => new Concurrency({ ...options, limit: limit() }));
    this.tallies = setting.phases.map(({ durationMs, kinds = plain }) =>
      emptyTally({ durationMs, kinds: kinds.length, gateways }),
    );
  }

  /** Plays all phases to the last request. */
  async run(): Promise<readonly SimulationTally[]> {
    let beginsAt = 0;
    for (const [index, phase] of this.#setting.phases.entries()) {
      this.#play(index, beginsAt);
      beginsAt += phase.durationMs;
    }
    // What an event resolves is acted on before the next one.
    while (this.#clock.step()) await Promise.resolve();
    return this.tallies;
  }

  #play(index: number, beginsAt: number): void {
    const phase = this.#setting.phases[index] as SimulatedPhase;
    const tally = this.tallies[index] as SimulationTally;
    const endsAt = beginsAt + phase.durationMs;
    const arrive = (): void => {
      this.#arrive(phase, tally, beginsAt);
      next();
    };
    const next = (): void => {
      const dueAt = Math.max(beginsAt, this.#clock.now()) - (Math.log(1 - this.#random()) * 1000) / phase.rate;
      if (dueAt < endsAt) this.#clock.at(dueAt, arrive);
    };
    this.#clock.at(beginsAt, next);
  }

  #arrive(phase: SimulatedPhase, tally: SimulationTally, beginsAt: number): void {
    const clock = this.#clock;
    const kind = this.#draw(phase.kinds ?? plain);
    const gateway = Math.floor(this.#random() * this.#gateways.length);
    const exchange = exchangeUnderTest({ clock });
    exchange.priority = (phase.kinds ?? plain)[kind]?.priority ?? "normal";
    const arrivedAt = clock.now();
    const visit = { gateway, exchange, arrivedAt, phase, kind, tally };
    const bucket = tally.buckets[Math.floor((arrivedAt - beginsAt) / bucketMs)];
    if (bucket !== undefined) bucket.offered++;
    tally.offered++;
    (tally.kinds[kind] as { offered: number }).offered++;
    tally.limits.push((this.#gateways[gateway] as Concurrency).limit);
    this.#enter({ ...visit, permit: undefined, job: undefined, sentAt: 0, isOver: false }, bucket);
  }

  #draw(kinds: readonly Kind[]): number {
    let left = kinds.length === 1 ? 0 : this.#random() * kinds.reduce((sum, { share }) => sum + share, 0);
    return Math.max(
      0,
      kinds.findIndex(({ share }) => (left -= share) < 0),
    );
  }

  #enter(visit: Visit, bucket: SimulationBucket | undefined): void {
    const shed = (): void => {
      if (visit.isOver) return;
      this.#finish(visit);
      visit.tally.shed++;
      if (bucket !== undefined) bucket.shed++;
    };
    this.#clock.setTimeout(() => this.#giveUp(visit), this.#setting.patienceMs ?? 1000, undefined);
    try {
      const permit = (this.#gateways[visit.gateway] as Concurrency).acquire(visit.exchange);
      if (permit instanceof Promise) permit.then((given) => this.#send(visit, given, bucket), shed);
      else this.#send(visit, permit, bucket);
    } catch {
      shed();
    }
  }

  #send(visit: Visit, permit: UpstreamPermit, bucket: SimulationBucket | undefined): void {
    visit.permit = permit;
    if (visit.isOver) return permit[Symbol.dispose]();
    visit.sentAt = this.#clock.now();
    const { slowdown = 1, shiftMs = 0, faultShare = 0, kinds = plain } = visit.phase;
    const serviceMs = (kinds[visit.kind] as Kind).serviceMs * slowdown * this.#lognormal();
    const answered = (answer: SimulatedAnswer): void => {
      if (visit.isOver) return;
      this.#ended(visit, answer);
      if (answer === "unavailable") return;
      visit.tally.good++;
      (visit.tally.goodBy[visit.gateway] as number)++;
      (visit.tally.kinds[visit.kind] as { good: number }).good++;
      visit.tally.latencies.push(this.#clock.now() - visit.arrivedAt);
      if (bucket !== undefined) bucket.good++;
      const endedIn = Math.floor(this.#clock.now() / bucketMs);
      this.goodEnds[endedIn] = (this.goodEnds[endedIn] ?? 0) + 1;
    };
    visit.job = { serviceMs, shiftMs: shiftMs + this.#noiseMs(visit.phase), answered, isAbandoned: false };
    if (faultShare > 0 && this.#random() < faultShare) this.#upstream.fail(visit.job);
    else this.#upstream.take(visit.job);
  }

  #noiseMs({ noiseMs = 0 }: SimulatedPhase): number {
    if (noiseMs === 0) return 0;
    if (this.#clock.now() >= this.#noiseUntil) {
      this.#noiseUntil = this.#clock.now() + 100;
      this.#noise = this.#random();
    }
    return this.#noise * noiseMs;
  }

  /** Of mean 1. */
  #lognormal(): number {
    const { sigma = 0.5 } = this.#setting;
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    return Math.exp(sigma * normal - (sigma * sigma) / 2);
  }

  #giveUp(visit: Visit): void {
    if (visit.isOver) return;
    if (visit.job === undefined) {
      visit.exchange.cancel(clientClosed);
      return this.#finish(visit);
    }
    visit.job.isAbandoned = true;
    this.#ended(visit, "unanswered");
  }

  #ended(visit: Visit, outcome: Sample["outcome"]): void {
    const gateway = this.#gateways[visit.gateway] as Concurrency;
    gateway.ended({ startedAt: visit.sentAt, endedAt: this.#clock.now(), outcome });
    this.#finish(visit);
    visit.permit?.[Symbol.dispose]();
  }

  #finish(visit: Visit): void {
    visit.isOver = true;
    visit.exchange.close();
  }
}
