import assert from "node:assert/strict";

import type { AttemptPlan, AttemptTarget } from "../../gateway/attempt/attempts.ts";
import type { Attempt, Exchange, UpstreamAnswer } from "../../gateway/exchange/exchange.ts";

import { Breaker } from "../../gateway/breaker/breaker.ts";
import { RetryBudget } from "../../gateway/attempt/budget.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { plainBreaker } from "../breaker/breaker-options.ts";

/** What one call of `send` does: answers, or throws. */
export type Deed = (facts: Attempt, exchange: Exchange) => number | FakeAnswer;

export type FakeAnswer = Partial<UpstreamAnswer> & Pick<UpstreamAnswer, "status">;

export const answers =
  (status = 200): Deed =>
  () =>
    status;

export const throws =
  (thrown: unknown): Deed =>
  () => {
    throw thrown;
  };

/** The upstream had closed the idle connection before our request reached it. */
export const stale: Deed = (facts) => {
  Object.assign(facts, { phase: "headers", sent: true, reused: true, closedByUpstream: true });
  throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
};

const plainAnswer: Omit<UpstreamAnswer, "status"> = {
  headers: [],
  proxyStatus: undefined,
  flow: (sink) => sink.end(Buffer.from("fine")),
  resume() {},
};

export class FakeTarget implements AttemptTarget {
  readonly label: string;
  readonly weight = 1;
  readonly inFlight = 0;
  isHealthy = true;
  returnsInMs = 0;
  readonly breaker: Breaker;
  readonly deeds: Deed[];
  readonly calls: boolean[] = [];

  constructor(clock: FakeClock, label: string, deeds: Deed[]) {
    this.label = label;
    this.deeds = deeds;
    this.breaker = new Breaker({ ...plainBreaker, minimumRequests: 4, clock });
  }

  async send(exchange: Exchange, facts: Attempt, isFresh: boolean): Promise<UpstreamAnswer> {
    this.calls.push(isFresh);
    const deed = this.deeds.shift();
    assert.ok(deed !== undefined, "one more attempt than expected");
    const given = deed(facts, exchange);
    return { ...plainAnswer, ...(typeof given === "number" ? { status: given } : given) };
  }
}

export class FakePlan implements AttemptPlan {
  readonly targets: readonly FakeTarget[];
  readonly failureStatuses = new Set([502, 503, 504]);
  /** What the plan was told: each attempt's outcome, and whether it counts against the target. */
  readonly told: [string | undefined, boolean][] = [];
  retryBudget = new RetryBudget({ ratio: 0.2, minPerSecond: 3 });

  constructor(...targets: FakeTarget[]) {
    this.targets = targets;
  }

  ended(attempt: Attempt, isBlamed: boolean): void {
    this.told.push([attempt.outcome, isBlamed]);
  }

  pick(admits: (target: AttemptTarget) => boolean): AttemptTarget | undefined {
    return this.targets.find(admits);
  }

  [Symbol.dispose](): void {
    for (const target of this.targets) target.breaker.close();
  }
}

export function planOf(deeds: Deed[], clock = new FakeClock()) {
  const target = new FakeTarget(clock, "127.0.0.1:9001", deeds);
  return { clock, target, plan: new FakePlan(target) };
}

export async function failureOf(attempted: Promise<unknown>): Promise<Failure> {
  const thrown = await attempted.then(
    () => assert.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof Failure, String(thrown));
  return thrown;
}

/** Gives the target's breaker verdicts until it opens. */
export async function trip(target: FakeTarget): Promise<void> {
  for (let i = 0; i < 4; i++) {
    const admission = target.breaker.enter();
    assert.ok(admission !== undefined);
    target.breaker.leave(admission, "failure");
  }
  await settled();
  assert.equal(target.breaker.state, "open");
}

export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** Lets time pass until the attempts are over; what came of them, be it an answer or what was thrown. */
export async function playedOut(attempted: Promise<unknown>, clock: FakeClock): Promise<unknown> {
  const ends: unknown[] = [];
  const take = (end: unknown): void => void ends.push(end);
  attempted.then(take, take);
  for (let n = 0; n < 100 && ends.length === 0; n += 1) {
    await settled();
    clock.advance(200);
  }
  assert.equal(ends.length, 1, "it ends");
  return ends[0];
}
