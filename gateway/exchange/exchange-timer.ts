import type { Clock, TimerHandle } from "./clock.ts";
import type { TimerName } from "../failures/failure.ts";

/** Who is told that a timer fired. */
export interface TimerOwner {
  expire(timer: TimerName): void;
}

/**
 * All of an exchange's waits on one timer: the deadline of the whole, and the wait it is in now (queue, response
 * headers, idle …), of which there is never more than one. The underlying timer is set for the earlier of the two;
 * when it fires too early because a wait has moved on meanwhile, it is set again. So a request that passes quickly
 * through all of its phases costs one timer.
 */
export class ExchangeTimer {
  readonly #clock: Clock;
  readonly #owner: TimerOwner;
  #deadlineAt = Infinity;
  #waitAt = Infinity;
  #wait: TimerName = "deadline";
  #armedFor = Infinity;
  #handle: TimerHandle | undefined;

  constructor(clock: Clock, owner: TimerOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** When the whole budget ends, in monotonic milliseconds; Infinity for none. */
  get deadlineAt(): number {
    return this.#deadlineAt;
  }

  /** Sets the whole budget's end. Takes effect with the next `wait`. */
  setDeadline(dueAt: number): void {
    this.#deadlineAt = dueAt;
  }

  /** Begins a wait, ending the one before: `timer` expires at `dueAt` unless something else happens first. */
  wait(timer: TimerName, dueAt: number): void {
    this.#wait = timer;
    this.#waitAt = dueAt;
    const earliest = Math.min(dueAt, this.#deadlineAt);
    if (earliest < this.#armedFor) this.#arm(earliest);
  }

  /** Moves the end of the present wait to a later time, where that wait is on `timer`. Sets no timer. */
  postpone(timer: TimerName, dueAt: number): void {
    if (this.#wait === timer && this.#waitAt !== Infinity) this.#waitAt = dueAt;
  }

  /** Ends the present wait and leaves the deadline. */
  endWait(): void {
    this.#waitAt = Infinity;
  }

  close(): void {
    this.#waitAt = this.#deadlineAt = this.#armedFor = Infinity;
    if (this.#handle !== undefined) this.#clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  #arm(dueAt: number): void {
    if (this.#handle !== undefined) this.#clock.clearTimeout(this.#handle);
    this.#armedFor = dueAt;
    this.#handle = this.#clock.setTimeout(ring, Math.max(1, Math.ceil(dueAt - this.#clock.now())), this);
  }

  /** The underlying timer fired: expires what is due, and sets the timer again for what is left. */
  ring(): void {
    this.#handle = undefined;
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    const isWaitDue = this.#waitAt <= now;
    // Due together, the wait's own timer names the cause better than the deadline does.
    const expired = isWaitDue ? this.#wait : this.#deadlineAt <= now ? "deadline" : undefined;
    if (isWaitDue) this.#waitAt = Infinity;
    else if (expired !== undefined) this.#deadlineAt = Infinity;
    const next = Math.min(this.#waitAt, this.#deadlineAt);
    if (next !== Infinity) this.#arm(next);
    if (expired !== undefined) this.#owner.expire(expired);
  }
}

function ring(timer: ExchangeTimer): void {
  timer.ring();
}
