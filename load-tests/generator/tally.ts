import type { Histogram } from "hdr-histogram-js";

import type { ClassResult } from "./load-result.ts";

import { latencyHistogram, latencyOf, record } from "./latency.ts";

/** How a request ended that had no good answer. `dropped`: it could not be sent, which is the generator's own fault. */
export type Failing = "late" | "left" | "broken" | "shed" | "refused" | "dropped";

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** A gateway's word for having waited in a queue in vain. */
const queuedCode = "queue_timeout";

/** The counts of one class in one phase. */
export class Tally {
  offered = 0;
  sent = 0;
  #good = 0;
  readonly #failed: Record<Failing, number> = { late: 0, left: 0, broken: 0, shed: 0, refused: 0, dropped: 0 };
  readonly #statuses = new Map<string | number, number>();
  readonly #codes = new Map<string | number, number>();
  #withoutRetryAfter = 0;
  readonly #goodMs = latencyHistogram();
  readonly #shedMs = latencyHistogram();
  readonly #queuedShedMs = latencyHistogram();
  readonly #goodByPort: number[];

  constructor(portCount: number) {
    this.#goodByPort = Array.from({ length: portCount }, () => 0);
  }

  /** Every answer, those that will be retried included. */
  answer({ status, code, retryAfterSeconds }: Answer, sinceDueMs: number): void {
    count(this.#statuses, status);
    if (code !== undefined) count(this.#codes, code);
    if (!isShed(status)) return;
    if (retryAfterSeconds === undefined) this.#withoutRetryAfter += 1;
    record(code === queuedCode ? this.#queuedShedMs : this.#shedMs, sinceDueMs);
  }

  /** The answer of a port, by its place in the plan, was good. */
  succeed(place: number, sinceIntendedMs: number): void {
    this.#good += 1;
    this.#goodByPort[place] = (this.#goodByPort[place] ?? 0) + 1;
    record(this.#goodMs, sinceIntendedMs);
  }

  fail(failing: Failing): void {
    this.#failed[failing] += 1;
  }

  get dropped(): number {
    return this.#failed.dropped;
  }

  add(other: Tally): void {
    this.offered += other.offered;
    this.sent += other.sent;
    this.#good += other.#good;
    for (const failing of Object.keys(this.#failed) as Failing[]) this.#failed[failing] += other.#failed[failing];
    for (const [status, times] of other.#statuses) count(this.#statuses, status, times);
    for (const [code, times] of other.#codes) count(this.#codes, code, times);
    this.#withoutRetryAfter += other.#withoutRetryAfter;
    for (const [place, good] of other.#goodByPort.entries()) {
      this.#goodByPort[place] = (this.#goodByPort[place] ?? 0) + good;
    }
    addTo(this.#goodMs, other.#goodMs);
    addTo(this.#shedMs, other.#shedMs);
    addTo(this.#queuedShedMs, other.#queuedShedMs);
  }

  result(): ClassResult {
    const { dropped: _, ...failed } = this.#failed;
    return {
      offered: this.offered,
      good: this.#good,
      ...failed,
      ...(this.#goodByPort.length > 1 && { goodByPort: [...this.#goodByPort] }),
      statuses: Object.fromEntries(this.#statuses),
      codes: Object.fromEntries(this.#codes),
      sent: this.sent,
      withoutRetryAfter: this.#withoutRetryAfter,
      goodMs: latencyOf(this.#goodMs),
      shedMs: latencyOf(this.#shedMs),
      queuedShedMs: latencyOf(this.#queuedShedMs),
    };
  }
}

export function isShed(status: number): boolean {
  return status === 503 || status === 429;
}

function count(counts: Map<string | number, number>, key: string | number, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

function addTo(sum: Histogram, other: Histogram): void {
  if (other.totalCount > 0) sum.add(other);
}
