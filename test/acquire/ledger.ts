import assert from "node:assert/strict";

import type { Priority } from "../../gateway/exchange/exchange.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Client, MovableLimit, settled } from "./client.ts";

export type Step =
  | { readonly kind: "ask"; readonly priority: Priority }
  | { readonly kind: "release" | "cancel"; readonly which: number }
  | { readonly kind: "move"; readonly limit: number }
  | { readonly kind: "pass"; readonly ms: number };

interface Waiting {
  readonly client: Client;
  readonly priority: Priority;
}

const byRank: readonly Priority[] = ["critical", "normal", "sheddable"];
const waitMs = 100;

/** Who holds a permit and who waits, in the order in which they came, kept by hand beside the real thing. */
export class Ledger {
  readonly clock = new FakeClock();
  readonly concurrency: Concurrency;
  readonly #limit: MovableLimit;
  readonly #depth: number;
  readonly #holding: Client[] = [];
  #waiting: Waiting[] = [];
  #since = 0;

  constructor(limit: number, depth: number) {
    this.#limit = new MovableLimit(limit);
    this.#depth = depth;
    const options = { clock: this.clock, limit: this.#limit, queueDepth: depth, queueWaitMs: waitMs };
    this.concurrency = new Concurrency(options);
  }

  async play(step: Step): Promise<void> {
    const expected = this.#order();
    if (step.kind === "pass") this.clock.advance(step.ms);
    else if (step.kind === "ask") await this.#ask(step.priority);
    else if (step.kind === "release") this.#release(step.which);
    else if (step.kind === "move") this.#move(step.limit);
    else this.#waiting[step.which % Math.max(1, this.#waiting.length)]?.client.exchange.cancel(left);
    await settled();
    this.#check(expected);
  }

  /** Everybody ends: nothing may be left. */
  async end(): Promise<void> {
    while (this.#holding.length > 0 || this.#waiting.length > 0) {
      await this.play(this.#holding.length > 0 ? { kind: "release", which: 0 } : { kind: "pass", ms: waitMs });
    }
    assert.equal(this.concurrency.inFlight, 0, "every permit has come back");
    assert.equal(this.concurrency.queued, 0);
    assert.equal(this.clock.pending, 0, "no timer is left");
  }

  get #isStanding(): boolean {
    return this.clock.now() - this.#since > waitMs;
  }

  /** Who is served next, and then. */
  #order(): Client[] {
    const isStanding = this.#waiting.length > 0 && this.#isStanding;
    return byRank.flatMap((rank) => {
      const alike = this.#waiting.filter(({ priority }) => priority === rank).map(({ client }) => client);
      return isStanding && rank !== "critical" ? alike.toReversed() : alike;
    });
  }

  async #ask(priority: Priority): Promise<void> {
    const before = this.#waiting;
    const client = new Client(this.clock, priority).ask(this.concurrency);
    await settled();
    if (client.permit !== undefined) {
      assert.equal(before.length, 0, "nobody is overtaken by who comes");
      this.#holding.push(client);
    } else if (client.isWaiting) {
      if (before.length === 0) this.#since = this.clock.now();
      this.#checkEvicted(before, priority);
      this.#waiting = [...before, { client, priority }];
    } else {
      assert.equal(client.failure?.code, "concurrency_limited");
      assert.equal(before.length, this.#depth, "only a full queue refuses");
      const lowest = Math.max(-1, ...before.map((one) => byRank.indexOf(one.priority)));
      assert.ok(lowest <= byRank.indexOf(priority), "nobody less important keeps a place");
    }
  }

  #checkEvicted(before: readonly Waiting[], priority: Priority): void {
    const evicted = before.find(({ client }) => client.failure?.code === "queue_timeout");
    if (evicted === undefined) return;
    assert.equal(before.length, this.#depth, "nobody loses a place while there are others");
    const lowest = byRank.findLast((rank) => before.some((one) => one.priority === rank));
    assert.equal(
      evicted,
      before.find((one) => one.priority === lowest),
      "the oldest of the least important",
    );
    const isLess = byRank.indexOf(evicted.priority) > byRank.indexOf(priority);
    assert.ok(isLess || (evicted.priority === priority && priority !== "critical" && this.#isStanding));
  }

  #release(index: number): void {
    const [client] = this.#holding.splice(index % Math.max(1, this.#holding.length), 1);
    client?.release();
    client?.exchange.close();
  }

  #move(limit: number): void {
    this.#limit.limit = limit;
    this.concurrency.ended({ startedAt: 0, endedAt: 0, outcome: "answered" });
  }

  #check(expected: readonly Client[]): void {
    const admitted = this.#waiting.filter(({ client }) => client.permit !== undefined).map(({ client }) => client);
    assert.deepEqual(new Set(admitted), new Set(expected.slice(0, admitted.length)), "in their order");
    for (const { client } of this.#waiting) {
      const { queueMs } = client.exchange;
      assert.ok(client.isWaiting || (queueMs >= 0 && queueMs <= waitMs), `waited ${queueMs} ms`);
    }
    this.#waiting = this.#waiting.filter(({ client }) => client.isWaiting);
    this.#holding.push(...admitted);
    const { inFlight, queued } = this.concurrency;
    assert.equal(inFlight, this.#holding.length, "no permit is lost, none is made up");
    assert.ok(admitted.length === 0 || inFlight <= this.#limit.limit, "nobody is admitted over the limit");
    assert.equal(queued, this.#waiting.length);
    assert.ok(queued <= this.#depth, "the queue is bounded");
    assert.ok(queued === 0 || inFlight >= this.#limit.limit, "nobody waits while a permit is free");
  }
}

const left = new Failure("client_closed");
