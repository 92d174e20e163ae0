import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { Connection } from "../../../load-tests/generator/connection.ts";

import { ConnectionPool } from "../../../load-tests/generator/connection-pool.ts";
import { standingConnections } from "../../../load-tests/generator/standing-connections.ts";
import { refusedPort } from "../../support/dead-ports.ts";
import { startUpstream } from "../../support/raw-upstream.ts";
import { until } from "../../support/until.ts";
import { answering, ok } from "../../support/upstream-scripts.ts";

const host = "127.0.0.1";
const request = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

/** A pool whose connections tell of their answers; closed in the end. */
function poolOf(...ports: readonly number[]) {
  const waiting = new Map<Connection<string>, () => void>();
  const closed: Connection<string>[] = [];
  const pool = new ConnectionPool<string>(
    ports.map((port) => ({ host, port })),
    { answered: (connection) => waiting.get(connection)?.(), closed: (connection) => void closed.push(connection) },
  );
  return {
    pool,
    closed,
    /** Takes one, has its answer and gives it back. */
    async ask(nowMs: number): Promise<Connection<string>> {
      const connection = pool.take(0);
      assert.ok(connection !== undefined);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(connection, resolve);
      connection.ask("", request, false);
      await promise;
      pool.give(connection, nowMs);
      return connection;
    },
    [Symbol.dispose]: () => pool.close(),
  };
}

describe("the connections that stand before the load", () => {
  const atMost = (...rates: readonly number[]): number =>
    standingConnections(rates.map((ratePerSecond) => ({ ratePerSecond })));

  test("are those of the busiest phase at 100 ms an answer, 16 at least and 1,500 at most", () => {
    assert.deepEqual([atMost(0), atMost(160), atMost(161), atMost(250, 5000, 250)], [16, 16, 17, 500]);
    assert.deepEqual([atMost(14_991), atMost(15_000), atMost(100_000)], [1500, 1500, 1500]);
  });

  test("are opened in turn over the ports, in waves of 32 with a pause after each", async () => {
    await using first = await startUpstream(answering());
    await using second = await startUpstream(answering());
    using one = poolOf(first.port, second.port);
    const beganAt = performance.now();
    await one.pool.warm(100);
    // Timers may fire up to a millisecond early.
    assert.ok(performance.now() - beganAt >= 4 * 10 - 4);
    const taken = Array.from({ length: 100 }, (_, index) => one.pool.take(index % 2));
    assert.equal(new Set(taken).size, 100);
    // What is connected is accepted a moment later.
    await until(() => first.connections.length + second.connections.length >= 100);
    assert.deepEqual([first.connections.length, second.connections.length], [50, 50]);
  });

  test("are waited for no longer than told: the load begins with those there are", async () => {
    const deaf = fork(fileURLToPath(new URL("deaf-server.ts", import.meta.url)), [], { execArgv: [] });
    try {
      const [{ port }] = (await once(deaf, "message")) as [AddressInfo];
      using one = poolOf(port);
      await one.pool.warm(100, 300);
      assert.equal(one.pool.take(0)?.isOpen, true);
      assert.deepEqual(one.closed, []);
    } finally {
      deaf.kill("SIGKILL");
    }
  });

  test("do not stand where nobody listens, and say so", async () => {
    using one = poolOf(await refusedPort());
    await assert.rejects(one.pool.warm(16), { code: "ECONNREFUSED" });
  });
});

describe("idle connections", () => {
  test("are taken last in, first out, but those that were never asked before them", async () => {
    await using upstream = await startUpstream(answering());
    using one = poolOf(upstream.port);
    await one.pool.warm(3);
    const asked = [await one.ask(1), await one.ask(2), await one.ask(3)];
    assert.equal(new Set(asked).size, 3);
    assert.equal(await one.ask(4), asked[2]);
    assert.deepEqual([one.pool.take(0), one.pool.take(0), one.pool.take(0)], asked.toReversed());
  });

  test("are closed after 60 s, asked or not", async () => {
    await using upstream = await startUpstream(answering());
    using one = poolOf(upstream.port);
    await one.pool.warm(2);
    const asked = await one.ask(500);
    one.pool.sweep(60_000);
    assert.deepEqual(
      upstream.connections.map(({ isOpen }) => isOpen),
      [true, true],
    );
    one.pool.sweep(60_500);
    assert.equal(asked.isOpen, true);
    one.pool.sweep(60_501);
    assert.equal(asked.isOpen, false);
    await Promise.all(upstream.connections.map(({ ended }) => ended));
  });

  test("are closed a second before the server does, where it says when", async () => {
    const told = ok.replace("\r\n", "\r\nKeep-Alive: timeout=5, max=100\r\n");
    await using upstream = await startUpstream(answering(told));
    using one = poolOf(upstream.port);
    const asked = await one.ask(100);
    one.pool.sweep(4100);
    assert.equal(asked.isOpen, true);
    one.pool.sweep(4101);
    assert.equal(asked.isOpen, false);
  });

  test("are not kept longer where the server says that it keeps them longer", async () => {
    await using upstream = await startUpstream(answering(ok.replace("\r\n", "\r\nKeep-Alive: timeout=600\r\n")));
    using one = poolOf(upstream.port);
    const asked = await one.ask(0);
    one.pool.sweep(60_001);
    assert.equal(asked.isOpen, false);
  });
});
