import type { Job } from "./job.ts";

/** First come, first served. Who drops out stands in it until its turn comes, and is passed over then. */
export class Line {
  #first: Job | undefined;
  #last: Job | undefined;
  /** Without those who dropped out. */
  length = 0;

  push(job: Job): void {
    job.state = "line";
    this.length += 1;
    if (this.#last === undefined) this.#first = job;
    else this.#last.next = job;
    this.#last = job;
  }

  drop(job: Job): void {
    job.state = "over";
    this.length -= 1;
  }

  shift(): Job | undefined {
    for (;;) {
      const job = this.#first;
      if (job === undefined) return undefined;
      this.#first = job.next;
      job.next = undefined;
      if (this.#first === undefined) this.#last = undefined;
      if (job.state !== "line") continue;
      this.length -= 1;
      return job;
    }
  }
}
