import type { Concurrency } from "../../gateway/acquire/concurrency.ts";
import type { Limit } from "../../gateway/acquire/limit/limit.ts";
import type { Exchange, Priority, UpstreamPermit } from "../../gateway/exchange/exchange.ts";
import type { Failure } from "../../gateway/failures/failure.ts";
import type { FakeClock } from "../support/fake-clock.ts";

import { classify } from "../../gateway/failures/classify.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

/** One exchange's try for a permit, and what came of it. */
export class Client {
  readonly exchange: Exchange;
  permit: UpstreamPermit | undefined;
  failure: Failure | undefined;

  constructor(clock: FakeClock, priority: Priority = "normal", contendedRate = 0) {
    this.exchange = exchangeUnderTest({ clock, contendedRate });
    this.exchange.priority = priority;
  }

  get isWaiting(): boolean {
    return this.permit === undefined && this.failure === undefined;
  }

  ask(concurrency: Concurrency): this {
    try {
      const acquired = concurrency.acquire(this.exchange);
      if (acquired instanceof Promise) {
        acquired.then(
          (permit) => void (this.permit = permit),
          (thrown: unknown) => this.#fail(thrown),
        );
      } else {
        this.permit = acquired;
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this;
  }

  release(): void {
    this.permit?.[Symbol.dispose]();
  }

  #fail(thrown: unknown): void {
    this.failure = classify(thrown, this.exchange);
    this.exchange.close();
  }
}

export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

/** A limit that a test moves. */
export class MovableLimit implements Limit {
  limit: number;
  typicalMs = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  admitted(): void {}

  ended(): void {}
}
