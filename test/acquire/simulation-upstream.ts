import type { EventClock } from "./event-clock.ts";

/** How an answer came about: by service, or by a 503 at once. */
export type SimulatedAnswer = "answered" | "unavailable";

export interface Job {
  readonly serviceMs: number;
  /** Added to the answer without holding a slot. */
  readonly shiftMs: number;
  /** Told when the answer's head is there. */
  readonly answered: (answer: SimulatedAnswer) => void;
  /** Nobody waits for it any more. */
  isAbandoned: boolean;
}

export interface SimulatedService {
  readonly slots: number;
  /** Requests inside, with a slot and waiting for one; beyond them it answers 503 at once. Default: any number. */
  readonly room?: number;
  /** Whether it lets go of those in line whom nobody waits for; else they are served in vain. Default: it does. */
  readonly noticesLeaving?: boolean;
}

/** What it takes to say 503, in milliseconds. */
const refusalMs = 1;

/** A service of so many slots, first come, first served. */
export class SimulatedUpstream {
  readonly #clock: EventClock;
  readonly #service: SimulatedService;
  #busy = 0;
  #waiting: Job[] = [];
  #head = 0;
  served = 0;
  wasted = 0;

  constructor(clock: EventClock, service: SimulatedService) {
    this.#clock = clock;
    this.#service = service;
  }

  take(job: Job): void {
    const { slots, room = Infinity } = this.#service;
    if (this.#busy < slots) this.#begin(job);
    else if (this.#busy + this.#waiting.length - this.#head < room) this.#waiting.push(job);
    else this.fail(job);
  }

  /** Answers 503. */
  fail(job: Job): void {
    this.#clock.setTimeout(job.answered, refusalMs + job.shiftMs, "unavailable");
  }

  #begin(job: Job): void {
    this.#busy++;
    this.#clock.setTimeout(() => this.#end(job), job.serviceMs, undefined);
  }

  #end(job: Job): void {
    this.#busy--;
    this.served++;
    // The slot goes to the next in line, before who was told of an answer can send another.
    const next = this.#next();
    if (next !== undefined) this.#begin(next);
    if (job.isAbandoned) this.wasted++;
    else if (job.shiftMs === 0) job.answered("answered");
    else this.#clock.setTimeout(job.answered, job.shiftMs, "answered");
  }

  #next(): Job | undefined {
    const { noticesLeaving = true } = this.#service;
    while (this.#head < this.#waiting.length) {
      const job = this.#waiting[this.#head++] as Job;
      if (!job.isAbandoned || !noticesLeaving) return job;
    }
    this.#waiting = [];
    this.#head = 0;
    return undefined;
  }
}
