import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Priority } from "../../gateway/exchange/exchange.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Client, MovableLimit, settled } from "./client.ts";

function setUp(queueDepth: number) {
  const clock = new FakeClock();
  const concurrency = new Concurrency({ clock, limit: new MovableLimit(1), queueDepth, queueWaitMs: 100 });
  const ask = (priority?: Priority): Client => new Client(clock, priority).ask(concurrency);
  return { clock, concurrency, holder: ask(), ask };
}

/** A queue in which somebody has been for more than 100 ms, though nobody for long: `last` has waited 3 ms. */
async function standing(queueDepth = 3) {
  const { clock, holder: first, ...rest } = setUp(queueDepth);
  const second = rest.ask();
  clock.advance(60);
  const holder = rest.ask();
  first.release();
  clock.advance(38);
  const last = rest.ask();
  await settled();
  second.release();
  clock.advance(3);
  await settled();
  return { ...rest, clock, holder, last };
}

const codes = (clients: readonly Client[]): unknown[] => clients.map(({ failure }) => failure?.code);
const served = (clients: readonly Client[]): boolean[] => clients.map(({ permit }) => permit !== undefined);

describe("a queue that does not stand", () => {
  test("serves by priority, then first come, first served", async () => {
    const { holder, ask } = setUp(5);
    const waiting = [ask("sheddable"), ask("normal"), ask("critical"), ask("normal"), ask("critical")];
    const order: number[] = [];
    for (let at = holder; order.length < waiting.length;) {
      at.release();
      await settled();
      const next = waiting.findIndex((client, index) => client.permit !== undefined && !order.includes(index));
      order.push(next);
      at = waiting[next] as Client;
    }
    assert.deepEqual(order, [2, 4, 1, 3, 0]);
  });

  test("gives the place of the least important to one who is more so, the oldest of them first", async () => {
    const { ask } = setUp(3);
    const waiting = [ask("normal"), ask("sheddable"), ask("sheddable")];
    const critical = ask("critical");
    await settled();
    assert.deepEqual(codes(waiting), [undefined, "queue_timeout", undefined]);
    assert.ok(critical.isWaiting);
    const normal = ask("normal");
    await settled();
    assert.deepEqual(codes(waiting), [undefined, "queue_timeout", "queue_timeout"]);
    assert.ok(normal.isWaiting);
  });

  test("gives no place away to an equal", () => {
    const { ask } = setUp(2);
    for (const priority of ["sheddable", "critical"] as const) {
      for (let i = 0; i < 2; i++) ask(priority);
      assert.equal(ask(priority).failure?.code, "concurrency_limited", priority);
    }
  });

  test("counts who waits by priority", () => {
    const { concurrency, ask } = setUp(5);
    ask("critical");
    ask("sheddable");
    ask("sheddable");
    assert.deepEqual(concurrency.queuedBy, { critical: 1, normal: 0, sheddable: 2 });
    assert.equal(concurrency.queued, 3);
  });
});

describe("a queue that stands", () => {
  test("serves who came last", async () => {
    const { holder, last, ask } = await standing();
    const later = [ask(), ask()];
    holder.release();
    await settled();
    assert.deepEqual(served([last, ...later]), [false, false, true]);
  });

  test("refuses who has waited five milliseconds", async () => {
    const { clock, last, ask } = await standing();
    const late = ask();
    clock.advance(7);
    await settled();
    assert.deepEqual(codes([last, late]), ["queue_timeout", "queue_timeout"]);
    assert.ok(late.exchange.queueMs >= 5);
  });

  test("gives the oldest's place to who comes when it is full", async () => {
    const { last, ask } = await standing(2);
    const [second, third] = [ask(), ask()];
    await settled();
    assert.deepEqual(codes([last, second, third]), ["queue_timeout", undefined, undefined]);
  });

  test("keeps the order and the whole wait of the critical", async () => {
    const { clock, holder, last, ask } = await standing(4);
    const critical = [ask("critical"), ask("critical"), ask("critical")];
    clock.advance(50);
    await settled();
    assert.equal(last.failure?.code, "queue_timeout");
    assert.ok(critical.every((client) => client.isWaiting));
    holder.release();
    await settled();
    assert.deepEqual(served(critical), [true, false, false]);
    clock.advance(60);
    await settled();
    assert.deepEqual(codes(critical), [undefined, "queue_timeout", "queue_timeout"]);
  });

  test("is none any more once it was empty", async () => {
    const { clock, holder, last, ask } = await standing();
    holder.release();
    await settled();
    assert.ok(last.permit !== undefined);
    const [first, second] = [ask(), ask()];
    clock.advance(50);
    last.release();
    await settled();
    assert.deepEqual(served([first, second]), [true, false]);
    clock.advance(1000);
    await settled();
    assert.equal(clock.pending, 0, "nobody waits, and no timer is left");
  });
});
