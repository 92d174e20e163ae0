import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Attackers } from "../../../load-tests/generator/plan.ts";
import type { UpstreamScript } from "../../support/raw-upstream.ts";

import { startUpstream } from "../../support/raw-upstream.ts";
import { answering, ok } from "../../support/upstream-scripts.ts";
import { runLoad } from "./load-under-test.ts";

const phases = [
  { name: "before", seconds: 0.2, ratePerSecond: 50, spacing: "constant" },
  { name: "attack", seconds: 1.3, ratePerSecond: 50, spacing: "constant" },
] as const;

function attackers(kind: Attackers["kind"], bytesPerSecond: number): Attackers {
  return { kind, connections: 12, path: "/attacked", phase: "attack", bytesPerSecond };
}

/** Tells ordinary clients from attackers by what they ask for: ordinary ones are answered. */
function meeting(attacked: UpstreamScript): UpstreamScript {
  return async (connection) => {
    const first = await connection.readSome();
    if (first?.includes("/attacked") === true) await attacked(connection);
    else if (first !== undefined) {
      connection.write(ok);
      for (;;) {
        await connection.readRequest();
        connection.write(ok);
      }
    }
  };
}

describe("slow clients", () => {
  test("of headers begin a request and never end it, byte by byte", async () => {
    await using upstream = await startUpstream(meeting(() => undefined));
    const result = await runLoad({ ports: [upstream.port], phases, attackers: [attackers("slow-headers", 20)] });
    assert.deepEqual([result.phases[0]?.all.good, result.phases[1]?.all.good], [10, 65]);
    const held = upstream.connections
      .map(({ received }) => received.toString())
      .filter((text) => /attacked/.test(text));
    assert.equal(held.length, 12);
    // Half a second's bytes at each act, of which there is time for two at most.
    for (const text of held) assert.match(text, /^GET \/attacked HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\nX-Slow: a{0,20}$/);
    assert.ok(held.some((text) => text.endsWith("a")));
    const [group] = result.attackers;
    assert.deepEqual([group?.kind, group?.connections, group?.closed], ["slow-headers", 12, 0]);
  });

  test("of bodies promise a megabyte of JSON, and send it slowly", async () => {
    await using upstream = await startUpstream(meeting(() => undefined));
    await runLoad({ ports: [upstream.port], phases, attackers: [attackers("slow-body", 10)] });
    const held = upstream.connections
      .map(({ received }) => received.toString())
      .filter((text) => /attacked/.test(text));
    assert.equal(held.length, 12);
    for (const text of held) {
      assert.match(text, /^POST \/attacked .*\r\nContent-Type: application\/json\r\nContent-Length: 1048576\r\n/s);
      assert.match(text, /\r\n\r\n\{"slow":"a{0,10}$/);
    }
  });

  test("that read take a few bytes at a time, and leave the rest where it is", async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, "x");
    let taken = 0;
    await using upstream = await startUpstream(
      meeting(async (connection) => {
        connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`);
        if (await connection.writeAll(large)) taken += 1;
      }),
    );
    const { attackers: groups } = await runLoad({
      ports: [upstream.port],
      phases,
      attackers: [attackers("slow-reader", 1000)],
    });
    assert.deepEqual([groups[0]?.closed, taken], [0, 0]);
  });

  test("that the other side closes are counted, with how long they were let", async () => {
    await using upstream = await startUpstream(
      meeting(async (connection) => {
        if (upstream.connections.indexOf(connection) % 2 === 0) connection.reset();
        else connection.fin();
      }),
    );
    for (const kind of ["slow-headers", "slow-body", "slow-reader"] as const) {
      const { attackers: groups } = await runLoad({
        ports: [upstream.port],
        phases,
        attackers: [attackers(kind, 1000)],
      });
      assert.deepEqual([groups[0]?.closed, groups[0]?.closedAfterMs.count], [12, 12], kind);
    }
  });

  test("come at the pace of their plan", async () => {
    await using upstream = await startUpstream(answering());
    const rare = { ...attackers("slow-headers", 10), comingPerSecond: 0.5 };
    await runLoad({ ports: [upstream.port], phases, attackers: [rare] });
    assert.equal(upstream.connections.filter(({ received }) => received.includes("/attacked")).length, 1);
  });

  test("come with their phase, and without them there is no result of them", async () => {
    await using upstream = await startUpstream(answering());
    const later = { ...attackers("slow-headers", 10), phase: "never" };
    const { attackers: groups } = await runLoad({ ports: [upstream.port], phases, attackers: [later] });
    assert.equal(groups[0]?.closed, 0);
    assert.ok(upstream.connections.every(({ received }) => !received.includes("/attacked")));
    assert.deepEqual((await runLoad({ ports: [upstream.port] })).attackers, []);
  });
});
