import type { ProcessGauge } from "../../gateway/admit/shedder.ts";
import type { SheddingConfig } from "../../gateway/config/schema.ts";
import type { Priority } from "../../gateway/exchange/exchange.ts";

import { Shedder } from "../../gateway/admit/shedder.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { seeded } from "../support/seeded.ts";

export const standard: SheddingConfig = {
  enabled: true,
  patience: 120,
  loopDelay: { from: 8, to: 16 },
  hold: 1000,
  maxHold: 16_000,
  heap: { from: 0.9, to: 0.98 },
};

export interface Load {
  /** Requests per second, as a multiple of what the process can serve. */
  readonly load: number;
  readonly seconds: number;
}

/** What became of the requests that came within one second. */
export interface Second {
  arrived: number;
  good: number;
  shed: number;
}

/** One turn of the event loop that read requests. */
export interface Turn {
  readonly beganAt: number;
  readonly workedMs: number;
  readonly requests: number;
  readonly refused: number;
}

/** The process has work, and another has the CPU. */
export interface Pause {
  readonly at: number;
  readonly ms: number;
}

export interface ModelOptions {
  /** CPU time of a refusal, as a share of that of a request that is served. */
  readonly shedCost: number;
  /** CPU time of a request that is served, in milliseconds; default 0.2. */
  readonly serveMs?: number;
  readonly config?: SheddingConfig;
  readonly seed?: number;
  readonly priorityOf?: (random: number) => Priority;
  /** Of its working time the share in which it has the CPU, others having it in small pieces; default 1. */
  readonly cpuShare?: number;
  /** When it loses the CPU for longer, in the order of their times. */
  readonly pauses?: readonly Pause[];
  /** Connections that stand at the start; the default is enough for all. */
  readonly connections?: number;
}

export interface Crowd {
  readonly clients: number;
  readonly ms: number;
  readonly afterMs?: number;
}

/** One client that asks again after each answer, until `until`. */
interface Caller {
  readonly until: number;
}

export interface Request {
  readonly at: number;
  readonly priority: Priority;
  readonly caller?: Caller;
}

/** Something that the event loop finds ready to be read. */
interface Ready {
  readonly at: number;
  readonly kind: "request" | "response" | "probe";
  readonly request: Request;
}

/** How long a caller of the open loop waits. */
const deadlineMs = 1000;
/** Of the time to serve a request, the part before the upstream is asked; the rest relays its response. */
const forwardShare = 0.6;
const upstreamMs = 1;
/** From an answer to the next request of a client that asks again at once. */
const roundTripMs = 0.1;
const probeEveryMs = 50;
const probeMs = 0.1;
/** CPU time of accepting a connection. */
const acceptMs = 0.05;
/** Connections that the kernel holds until they are accepted; a caller that finds no room is not served. */
const backlog = 4096;

/**
 * A process with one event loop, on a clock that only its work and its idle waits move. Each turn works off what was
 * ready when it began, in the order in which it became ready: requests, upstream responses and probes; and it accepts
 * one connection, as libuv does. A caller of the open loop takes a connection that nobody uses, or opens one; after its
 * deadline it closes it, but what it has asked is worked off all the same. Probes pass the shedder by.
 */
export class ModelProcess implements ProcessGauge {
  readonly clock = new FakeClock(0);
  readonly shedder: Shedder;
  readonly seconds: Second[] = [];
  readonly loopTurns: Turn[] = [];
  readonly served = { sheddable: 0, normal: 0, critical: 0 };
  readonly refused = { sheddable: 0, normal: 0, critical: 0 };
  /** Of the requests that were served, in milliseconds. */
  readonly latencies: number[] = [];
  readonly probeWaits: number[] = [];
  heapFull = 0.3;
  readonly #options: ModelOptions;
  readonly #serveMs: number;
  readonly #random: () => number;
  readonly #atTurnsEnd: Array<() => void> = [];
  readonly #pauses: Pause[];
  #turns = 0;
  #idleMs = 0;
  #stolenMs = 0;
  #refusedInTurn = 0;
  #ready: Ready[] = [];
  /** Requests on connections that wait to be accepted. */
  readonly #line: Request[] = [];
  /** Connections that nobody uses. */
  #unused: number;
  #probeDueAt = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#serveMs = options.serveMs ?? 0.2;
    this.#pauses = [...(options.pauses ?? [])];
    this.#random = seeded(options.seed ?? 1);
    this.#unused = options.connections ?? 10_000;
    const config = options.config ?? standard;
    const atTurnsEnd = (callback: () => void) => this.#atTurnsEnd.push(callback);
    const { clock } = this;
    this.shedder = new Shedder({ config, gauge: this, clock, atTurnsEnd, random: this.#random });
  }

  /** Requests per second: all that the process can serve. */
  get capacity(): number {
    return 1000 / this.#serveMs;
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

  cpuMs(): number {
    return this.clock.now() - this.#idleMs - this.#stolenMs;
  }

  heapShare(): number {
    return this.heapFull;
  }

  /** Works off all of these until they are answered. */
  run(...loads: readonly (readonly Request[])[]): void {
    const requests = loads.flat().toSorted((one, other) => one.at - other.at);
    for (let next = 0; next < requests.length || this.#ready.length + this.#line.length > 0;) {
      const { clock } = this;
      const dueAt = Math.min(requests[next]?.at ?? Infinity, this.#ready[0]?.at ?? Infinity);
      if (this.#line.length === 0) this.idleUntil(dueAt);
      for (; (requests[next]?.at ?? Infinity) <= clock.now(); next += 1) this.#send(requests[next] as Request);
      this.#turn();
    }
  }

  /** From now on: an open loop of Poisson arrivals, phase after phase. */
  open(phases: readonly Load[]): readonly Request[] {
    const requests: Request[] = [];
    const { priorityOf = () => "normal" } = this.#options;
    let from = this.clock.now();
    for (const { load, seconds } of phases) {
      const end = from + seconds * 1000;
      for (let at = from; ;) {
        at -= (this.#serveMs / load) * Math.log(1 - this.#random());
        if (at >= end) break;
        requests.push({ at, priority: priorityOf(this.#random()) });
      }
      from = end;
    }
    return requests;
  }

  /** After some time, so many clients that ask again at once when they are answered, for so long. They begin together. */
  crowd({ clients, ms, afterMs = 0 }: Crowd): readonly Request[] {
    const at = this.clock.now() + afterMs;
    return Array.from({ length: clients }, () => ({ at, priority: "normal", caller: { until: at + ms } }));
  }

  /** After some time, so many requests together. */
  burst(requests: number, afterMs = 0): readonly Request[] {
    const at = this.clock.now() + afterMs;
    return Array.from({ length: requests }, () => ({ at, priority: "normal" }));
  }

  idleUntil(time: number): void {
    const idleMs = Math.max(0, time - this.clock.now());
    this.#idleMs += idleMs;
    this.clock.advance(idleMs);
  }

  #send(request: Request): void {
    this.#secondOf(request.at).arrived += 1;
    if (request.caller !== undefined) this.#await("request", request.at, request);
    else if (this.#unused > 0) {
      this.#unused -= 1;
      this.#await("request", request.at, request);
    } else if (this.#line.length < backlog) this.#line.push(request);
  }

  #await(kind: Ready["kind"], at: number, request: Request): void {
    this.#ready.push({ kind, at, request });
  }

  #turn(): void {
    this.#turns += 1;
    this.#refusedInTurn = 0;
    const beganAt = this.clock.now();
    for (; this.#probeDueAt <= beganAt; this.#probeDueAt += probeEveryMs) {
      this.#await("probe", this.#probeDueAt, { at: this.#probeDueAt, priority: "normal" });
    }
    const ready = this.#ready.filter(({ at }) => at <= beganAt).toSorted((one, other) => one.at - other.at);
    this.#ready = this.#ready.filter(({ at }) => at > beganAt);
    for (const one of ready) this.#read(one);
    const newcomer = this.#line.shift();
    if (newcomer !== undefined) {
      this.#compute(acceptMs);
      this.#await("request", this.clock.now(), newcomer);
    }
    for (const callback of this.#atTurnsEnd.splice(0)) callback();
    const requests = ready.filter(({ kind }) => kind === "request").length;
    const workedMs = this.clock.now() - beganAt;
    if (requests > 0) this.loopTurns.push({ beganAt, workedMs, requests, refused: this.#refusedInTurn });
    this.clock.advance(0);
    this.#ready.sort((one, other) => one.at - other.at);
  }

  #read({ kind, request }: Ready): void {
    switch (kind) {
      case "probe":
        this.#compute(probeMs);
        this.probeWaits.push(this.clock.now() - request.at);
        return;
      case "request":
        this.#meet(request);
        return;
      case "response":
        this.#compute(this.#serveMs * (1 - forwardShare));
        this.served[request.priority] += 1;
        this.latencies.push(this.clock.now() - request.at);
        if (this.clock.now() - request.at <= deadlineMs) this.#secondOf(request.at).good += 1;
        this.#end(request);
    }
  }

  #meet(request: Request): void {
    const { at, priority } = request;
    if (this.#isRefused(priority)) {
      this.#compute(this.#serveMs * this.#options.shedCost);
      this.#secondOf(at).shed += 1;
      this.refused[priority] += 1;
      this.#refusedInTurn += 1;
      this.#end(request);
      return;
    }
    this.#compute(this.#serveMs * forwardShare);
    this.#await("response", this.clock.now() + upstreamMs, request);
  }

  #compute(ms: number): void {
    const stolenMs = ms / (this.#options.cpuShare ?? 1) - ms;
    this.#lose(stolenMs);
    this.clock.block(ms);
    for (; (this.#pauses[0]?.at ?? Infinity) <= this.clock.now(); this.#pauses.shift())
      this.#lose(this.#pauses[0]?.ms ?? 0);
  }

  #lose(ms: number): void {
    this.clock.block(ms);
    this.#stolenMs += ms;
  }

  /** The client has its answer. */
  #end({ at, priority, caller }: Request): void {
    const now = this.clock.now();
    if (caller === undefined) {
      if (now - at <= deadlineMs) this.#unused += 1;
      return;
    }
    if (now >= caller.until) return;
    this.#secondOf(now).arrived += 1;
    this.#await("request", now + roundTripMs, { at: now + roundTripMs, priority, caller });
  }

  #isRefused(priority: Priority): boolean {
    return this.shedder.admit(priority, this.clock.now()) !== undefined;
  }

  #secondOf(time: number): Second {
    return (this.seconds[Math.floor(time / 1000)] ??= { arrived: 0, good: 0, shed: 0 });
  }
}
