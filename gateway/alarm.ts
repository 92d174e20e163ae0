import type { Clock, TimerHandle } from "./clock.ts";
import type { TimerName } from "./failures/failure.ts";

/**
 * All of an exchange's waits on one timer: the deadline of the whole, and the wait it is in now (queue, response
 * headers, idle …), of which there is never more than one. The underlying timer is set for the earlier of the two;
 * when it fires too early because a wait has moved on meanwhile, it is set again. So a request that passes quickly
 * through all of its phases costs one timer.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #expire: (timer: TimerName) => void;
  #deadlineAt = Infinity;
  #waitAt = Infinity;
  #wait: TimerName = "deadline";
  #armedFor = Infinity;
  #handle: TimerHandle | undefined;

  constructor(clock: Clock, expire: (timer: TimerName) => void) {
    this.#clock = clock;
    this.#expire = expire;
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

  ring(): void {
    this.#handle = undefined;
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    const earliest = Math.min(this.#waitAt, this.#deadlineAt);
    if (earliest > now) {
      if (earliest !== Infinity) this.#arm(earliest);
      return;
    }
    // Due together, the wait's own timer names the cause better than the deadline does.
    const timer = this.#waitAt <= this.#deadlineAt ? this.#wait : "deadline";
    this.close();
    this.#expire(timer);
  }
}

function ring(alarm: Alarm): void {
  alarm.ring();
}
