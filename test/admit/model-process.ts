import type { ProcessGauge } from "../../gateway/admit/shedder.ts";
import type { SheddingConfig } from "../../gateway/config/schema.ts";
import type { Priority } from "../../gateway/exchange.ts";

import { Shedder } from "../../gateway/admit/shedder.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { seeded } from "../support/seeded.ts";

export const standard: SheddingConfig = {
  enabled: true,
  loopDelay: { from: 8, to: 16 },
  heap: { from: 0.9, to: 0.98 },
};

export interface Load {
  /** Requests per second, as a multiple of what the process can serve. */
  readonly load: number;
  readonly seconds: number;
}

interface Request {
  readonly at: number;
  readonly priority: Priority;
}

/** What became of the requests that came within one second. */
export interface Second {
  arrived: number;
  good: number;
  shed: number;
}

export interface ModelOptions {
  /** CPU time of a refusal, as a share of that of a request that is served. */
  readonly shedCost: number;
  readonly config?: SheddingConfig;
  readonly seed?: number;
  readonly priorityOf?: (random: number) => Priority;
  /** Connections that stand at the start; the default is enough for all. */
  readonly connections?: number;
}

/** Requests per second: all that the process can serve. */
export const capacity = 5000;

const serveMs = 1000 / capacity;

/** How long a caller waits. */
const patienceMs = 1000;

/** CPU time of taking in a connection. */
const acceptMs = 0.05;

/** Connections that the kernel holds until they are taken in; a caller that finds no room is not served. */
const backlog = 4096;

/**
 * A process with one event loop, on a clock that only its work and its idle waits move. Each turn works off what has
 * come on the connections that stand, and takes in one connection more, as libuv's does. What it
 * is asked for does not depend on what it answers: a caller takes a connection that nobody uses, or opens one; after
 * its patience it closes it, but what it has asked is worked off all the same.
 */
export class ModelProcess implements ProcessGauge {
  readonly clock = new FakeClock(0);
  readonly shedder: Shedder;
  readonly seconds: Second[] = [];
  readonly served = { sheddable: 0, normal: 0, critical: 0 };
  readonly refused = { sheddable: 0, normal: 0, critical: 0 };
  heapFull = 0.3;
  longestTurnMs = 0;
  readonly #options: ModelOptions;
  readonly #random: () => number;
  readonly #atTurnsEnd: Array<() => void> = [];
  #turns = 0;
  #idleMs = 0;
  /** Requests on connections that stand, and on those that wait to be taken in. */
  readonly #standing: Request[] = [];
  readonly #line: Request[] = [];
  /** Connections that nobody uses. */
  #unused: number;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#random = seeded(options.seed ?? 1);
    this.#unused = options.connections ?? 10_000;
    const config = options.config ?? standard;
    const atTurnsEnd = (callback: () => void) => this.#atTurnsEnd.push(callback);
    const { clock } = this;
    this.shedder = new Shedder({ config, gauge: this, clock, atTurnsEnd, random: this.#random });
  }

  utilization(): number {
    return 0.5;
  }

  turns(): number {
    return this.#turns;
  }

  idleMs(): number {
    return this.#idleMs;
  }

  heapShare(): number {
    return this.heapFull;
  }

  /** An open loop of Poisson arrivals, phase after phase, until all of them are answered. */
  run(phases: readonly Load[]): void {
    const requests = this.#arrivals(phases);
    for (let next = 0; next < requests.length || this.#standing.length + this.#line.length > 0;) {
      const { clock } = this;
      const dueAt = requests[next]?.at ?? Infinity;
      if (dueAt > clock.now() && this.#standing.length + this.#line.length === 0) this.#idleUntil(dueAt);
      for (; (requests[next]?.at ?? Infinity) <= clock.now(); next += 1) this.#send(requests[next] as Request);
      this.#turn();
    }
  }

  #send(request: Request): void {
    this.#secondOf(request.at).arrived += 1;
    if (this.#unused > 0) {
      this.#unused -= 1;
      this.#standing.push(request);
    } else if (this.#line.length < backlog) this.#line.push(request);
  }

  #turn(): void {
    this.#turns += 1;
    const beganAt = this.clock.now();
    for (const request of this.#standing.splice(0)) {
      this.#answer(request);
      if (this.clock.now() - request.at <= patienceMs) this.#unused += 1;
    }
    const newcomer = this.#line.shift();
    if (newcomer !== undefined) {
      this.#work(acceptMs);
      this.#standing.push(newcomer);
    }
    for (const callback of this.#atTurnsEnd.splice(0)) callback();
    this.longestTurnMs = Math.max(this.longestTurnMs, this.clock.now() - beganAt);
    this.clock.advance(0);
  }

  /** So many callers who ask again the moment they are answered, for so long. */
  runClosed(callers: number, ms: number): void {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      for (let n = 0; n < callers; n += 1) this.#standing.push({ at: this.clock.now(), priority: "normal" });
      this.#turn();
    }
  }

  #arrivals(phases: readonly Load[]): Request[] {
    const requests: Request[] = [];
    const { priorityOf = () => "normal" } = this.#options;
    let from = this.clock.now();
    for (const { load, seconds } of phases) {
      const end = from + seconds * 1000;
      const gapMs = serveMs / load;
      for (let at = from; ;) {
        at -= gapMs * Math.log(1 - this.#random());
        if (at >= end) break;
        requests.push({ at, priority: priorityOf(this.#random()) });
      }
      from = end;
    }
    return requests;
  }

  #idleUntil(time: number): void {
    const idleMs = Math.max(0, time - this.clock.now());
    this.#idleMs += idleMs;
    this.clock.advance(idleMs);
  }

  #answer({ at, priority }: Request): void {
    const second = this.#secondOf(at);
    if (this.#isRefused(priority)) {
      this.#work(serveMs * this.#options.shedCost);
      second.shed += 1;
      this.refused[priority] += 1;
      return;
    }
    this.#work(serveMs);
    this.served[priority] += 1;
    if (this.clock.now() - at <= patienceMs) second.good += 1;
  }

  #isRefused(priority: Priority): boolean {
    try {
      this.shedder.admit(priority, this.clock.now());
      return false;
    } catch {
      return true;
    }
  }

  #work(ms: number): void {
    this.clock.block(ms);
  }

  #secondOf(time: number): Second {
    return (this.seconds[Math.floor(time / 1000)] ??= { arrived: 0, good: 0, shed: 0 });
  }
}
