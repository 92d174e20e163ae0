import type { LookupAddress } from "node:dns";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { systemClock } from "../../gateway/exchange/clock.ts";
import { Addresses } from "../../gateway/upstream/addresses.ts";
import { Transport } from "../../gateway/upstream/transport.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { newAttempt } from "../support/new-attempt.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { answering } from "../support/upstream-scripts.ts";

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** A name whose resolver says what the test says, at once. */
function named(...answers: readonly LookupAddress[][]) {
  const clock = new FakeClock();
  const state = { asked: 0, answers: [...answers], changes: 0 };
  const addresses = new Addresses({
    hostname: "api.test",
    refreshMs: 30_000,
    clock,
    resolve: (_hostname, _options, callback) => {
      state.asked++;
      const answer = state.answers.shift();
      if (answer === undefined) callback(Object.assign(new Error("no answer"), { code: "EAI_AGAIN" }), []);
      else callback(null, answer);
    },
  });
  addresses.changed = () => state.changes++;
  const all = async (): Promise<string> =>
    new Promise((resolve, reject) => {
      addresses.lookup("api.test", { all: true }, (error, found) => {
        if (error !== null) reject(error);
        else resolve((found as LookupAddress[]).map(({ address }) => address).join(" "));
      });
    });
  return { clock, state, addresses, all };
}

describe("a name's addresses", () => {
  test("are asked for once, and each connection begins with the next", async () => {
    const { state, all, addresses } = named([v4("10.0.0.1"), v4("10.0.0.2"), v4("10.0.0.3")]);
    assert.deepEqual(
      [await all(), await all(), await all(), await all()],
      [
        "10.0.0.1 10.0.0.2 10.0.0.3",
        "10.0.0.2 10.0.0.3 10.0.0.1",
        "10.0.0.3 10.0.0.1 10.0.0.2",
        "10.0.0.1 10.0.0.2 10.0.0.3",
      ],
    );
    assert.equal(state.asked, 1);
    addresses.close();
  });

  test("take turns within the family that the resolver prefers", async () => {
    const { all, addresses } = named([v4("10.0.0.1"), { address: "::1", family: 6 }]);
    assert.deepEqual([await all(), await all()], ["10.0.0.1 ::1", "10.0.0.1 ::1"]);
    addresses.close();
  });

  test("are asked for again in time, and those that are gone are known", async () => {
    const { clock, state, all, addresses } = named([v4("10.0.0.1")], [v4("10.0.0.2")]);
    assert.equal(clock.pending, 0, "a name that nobody uses is not asked for");
    await all();
    clock.advance(29_999);
    assert.deepEqual([state.asked, addresses.has("10.0.0.1")], [1, true]);
    clock.advance(1);
    assert.deepEqual([state.asked, addresses.has("10.0.0.1"), addresses.has("10.0.0.2")], [2, false, true]);
    assert.equal(await all(), "10.0.0.2");
    addresses.close();
    assert.equal(clock.pending, 0);
  });

  test("stay in force while the resolver does not answer, and are asked for further on", async () => {
    const { clock, state, all, addresses } = named([v4("10.0.0.1")]);
    await all();
    clock.advance(60_000);
    assert.equal(state.asked, 3);
    assert.equal(await all(), "10.0.0.1");
    addresses.close();
  });

  test("are asked for again after a connection failed, at most once a second", async () => {
    const { clock, state, all, addresses } = named([v4("10.0.0.1")], [v4("10.0.0.2")]);
    await all();
    addresses.doubt();
    assert.equal(state.asked, 1);
    clock.advance(1000);
    for (let n = 0; n < 10; n++) addresses.doubt();
    assert.equal(state.asked, 2);
    assert.equal(await all(), "10.0.0.2");
    addresses.close();
  });

  test("that were never found are an error, and asked for anew each time", async () => {
    const { state, all, addresses } = named();
    await assert.rejects(all(), { code: "EAI_AGAIN" });
    await assert.rejects(all(), { code: "EAI_AGAIN" });
    assert.equal(state.asked, 2);
    addresses.close();
  });
});

describe("connections to a name", () => {
  test(
    "that stand idle at an address it has no more are closed, and the others kept",
    { timeout: 15_000 },
    async () => {
      await using old = await startUpstream(answering());
      const { clock, addresses } = named([v4("127.0.0.1")], [v4("127.0.0.1"), v4("127.0.0.9")], [v4("127.0.0.9")]);
      const endpoint = { hostname: "api.test", port: old.port, tls: undefined, addresses };
      const transport = new Transport({ endpoint, keepAliveMs: 60_000, clock: systemClock });
      const exchange = exchangeUnderTest({ clock: systemClock });
      const attempt = newAttempt({ startedAt: systemClock.now() });
      const answer = await transport.send(exchange, attempt, {
        method: "GET",
        target: "/",
        headers: ["host", "api.test"],
        maxBodyBytes: 0,
        timeouts: { connect: 5000, headers: 5000, idle: 5000 },
        interim: () => {},
        isFresh: false,
      });
      await new Promise<void>((resolve, fail) => answer.flow({ write: () => true, end: () => resolve(), fail }));
      await until(() => transport.connections.idle === 1);
      clock.advance(30_000);
      assert.equal(transport.connections.idle, 1);
      clock.advance(30_000);
      assert.equal(transport.connections.idle, 0);
      assert.equal(await (await old.connection(1)).ended, "fin");
      transport.close();
      addresses.close();
      exchange.close();
    },
  );
});
