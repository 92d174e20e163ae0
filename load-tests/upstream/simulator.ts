import type { Ending, Job, Visitor } from "./job.ts";
import type { Control, Counters, Fault, Service } from "./service.ts";

import { DueHeap } from "./due-heap.ts";
import { Line } from "./line.ts";
import { serviceTimes } from "./service-times.ts";

const answered: Ending = { kind: "answer" };
const maxLeftAfterMs = 10_000;

/**
 * A service of so many slots and one line before them. It is told the time with every call, in milliseconds of one
 * clock that never goes back; late calls do no harm: a slot that came free at a moment in between has served the next
 * in line from that very moment on, so that capacity is slots / mean, whatever the timer's grain.
 */
export class Simulator {
  readonly #drawTime: () => number;
  readonly #random: () => number;
  readonly #noticesLeaving: boolean;
  /** In slots and delayed after them. */
  readonly #due = new DueHeap<Job>();
  readonly #line = new Line();
  #busy = 0;
  #held = 0;
  #slots: number;
  #slowdown = 1;
  #addedMs = 0;
  #fault: Fault = { kind: "none" };
  #faultShare = 1;
  readonly #counted = {
    received: 0,
    receivedByMethod: {} as Record<string, number>,
    served: 0,
    faulted: 0,
    wastedMs: 0,
    workedMs: 0,
    leftInLine: 0,
    leftInService: 0,
    peakConcurrency: 0,
  };
  readonly #leftAfterMs: number[] = [];
  #left = 0;

  constructor(service: Service, random: () => number) {
    this.#slots = service.slots;
    this.#random = random;
    this.#noticesLeaving = service.noticesLeaving ?? true;
    this.#drawTime = serviceTimes(service.meanMs, service.sigma ?? 0.5, random);
  }

  /** When `advance` has something to do next; Infinity for nothing. */
  get nextAt(): number {
    return this.#due.nextAt;
  }

  get fault(): Fault["kind"] {
    return this.#fault.kind;
  }

  get received(): number {
    return this.#counted.received;
  }

  counters(openConnections: number): Counters {
    const { receivedByMethod, ...counted } = this.#counted;
    return {
      ...counted,
      receivedByMethod: { ...receivedByMethod },
      leftAfterMs: [...this.#leftAfterMs],
      concurrency: this.#concurrency,
      openConnections,
    };
  }

  get #concurrency(): number {
    return this.#line.length + this.#due.size + this.#held;
  }

  /** A request was read whole. What it is told may come before this returns. */
  arrive(visitor: Visitor, now: number): Job {
    this.advance(now);
    const counted = this.#counted;
    counted.received += 1;
    counted.receivedByMethod[visitor.method] = (counted.receivedByMethod[visitor.method] ?? 0) + 1;
    const fault = this.#meetsFault() ? this.#fault : undefined;
    const job: Job = {
      visitor,
      arrivedAt: now,
      ending: fault?.kind === "half-body" ? { kind: "half-body" } : answered,
      state: "over",
      isGone: false,
      startedAt: now,
      dueAt: 0,
      next: undefined,
    };
    if (fault?.kind === "status" || fault?.kind === "reset") this.#end(job, fault);
    else if (fault?.kind === "black-hole") this.#hold(job);
    else if (this.#busy < this.#slots) this.#begin(job, now);
    else this.#line.push(job);
    counted.peakConcurrency = Math.max(counted.peakConcurrency, this.#concurrency);
    return job;
  }

  /** The connection of a request went away. Nothing happens where it is over. */
  leave(job: Job, now: number): void {
    this.advance(now);
    if (job.isGone || job.state === "over") return;
    job.isGone = true;
    if (job.state === "held") {
      job.state = "over";
      this.#held -= 1;
      return;
    }
    if (job.state === "line") {
      this.#counted.leftInLine += 1;
      if (this.#noticesLeaving) this.#line.drop(job);
    } else this.#counted.leftInService += 1;
    this.#leftAfterMs[this.#left % maxLeftAfterMs] = now - job.arrivedAt;
    this.#left += 1;
  }

  /** Does all that was due by now, each at its own moment. */
  advance(now: number): void {
    while (this.#due.nextAt <= now) {
      const job = this.#due.pop()!;
      if (job.state === "slot") this.#finish(job);
      else this.#end(job, job.ending);
    }
  }

  /** Service times and slots change for requests that begin from now on. */
  control(change: Control, now: number): void {
    this.advance(now);
    this.#slots = change.slots ?? this.#slots;
    this.#slowdown = change.slowdown ?? this.#slowdown;
    this.#addedMs = change.addedMs ?? this.#addedMs;
    if (change.fault !== undefined) this.#faultShare = 1;
    this.#fault = change.fault ?? this.#fault;
    this.#faultShare = change.faultShare ?? this.#faultShare;
    this.#fillSlots(now);
  }

  /** Forgets every request there is, as a process does that dies. They count as faulted, and not as having left. */
  die(now: number): void {
    this.advance(now);
    for (const job of this.#due.clear()) {
      if (job.state === "slot") this.#work(job, now);
      if (!job.isGone) this.#counted.faulted += 1;
      job.state = "over";
    }
    this.#counted.faulted += this.#line.length;
    for (let job = this.#line.shift(); job !== undefined; job = this.#line.shift()) job.state = "over";
    this.#busy = 0;
  }

  #meetsFault(): boolean {
    const { kind } = this.#fault;
    return kind !== "none" && kind !== "refuse" && (this.#faultShare >= 1 || this.#random() < this.#faultShare);
  }

  #hold(job: Job): void {
    job.state = "held";
    this.#held += 1;
    this.#counted.faulted += 1;
  }

  #begin(job: Job, at: number): void {
    job.state = "slot";
    job.startedAt = at;
    job.dueAt = at + this.#drawTime() * this.#slowdown;
    this.#busy += 1;
    this.#due.push(job);
  }

  #fillSlots(at: number): void {
    while (this.#busy < this.#slots) {
      const job = this.#line.shift();
      if (job === undefined) return;
      this.#begin(job, at);
    }
  }

  /** The slot is free at the exact moment, and the next in line has it from then on. */
  #finish(job: Job): void {
    const at = job.dueAt;
    this.#work(job, at);
    this.#busy -= 1;
    this.#fillSlots(at);
    if (this.#addedMs === 0 || job.isGone) return this.#end(job, job.ending);
    job.state = "delayed";
    job.dueAt = at + this.#addedMs;
    this.#due.push(job);
  }

  #work(job: Job, until: number): void {
    const spentMs = until - job.startedAt;
    this.#counted.workedMs += spentMs;
    if (job.isGone) this.#counted.wastedMs += spentMs;
  }

  #end(job: Job, ending: Ending): void {
    job.state = "over";
    if (job.isGone) return;
    if (ending.kind === "answer") this.#counted.served += 1;
    else this.#counted.faulted += 1;
    job.visitor.end(ending);
  }
}
