import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { inTime } from "../support/within.ts";
import { FullStage, statusOf } from "./idle-connections.ts";

const bounded = { timeout: 30_000 };
const maxConnections = 50;

describe("when all connections are taken", () => {
  test("each newcomer is served, and the connection that is idle for the longest is closed", bounded, async () => {
    await using stage = await FullStage.open(maxConnections);
    const idle = [];
    for (let n = 0; n < maxConnections; n += 1) idle.push(await stage.idle());
    // The first one has been idle for the shortest time now.
    assert.equal(await stage.ask(idle[0]!), 200);
    for (const expected of [idle[1]!, idle[2]!]) {
      const newcomer = await stage.connect();
      assert.equal(await stage.ask(newcomer), 200);
      assert.equal(await inTime(5000, "end of an idle connection", expected.ended), "fin");
      await stage.open(maxConnections);
    }
    const others = [idle[0]!, ...idle.slice(3)];
    for (const client of others) assert.equal(await stage.ask(client), 200);
  });

  test("a connection that carries a request is not closed, and newcomers have none to take", bounded, async () => {
    await using stage = await FullStage.open(maxConnections);
    const idle = await stage.idle();
    const busy = await Promise.all(Array.from({ length: maxConnections - 1 }, () => stage.connect()));
    await stage.occupy(busy);
    const first = await stage.connect();
    assert.equal(await stage.ask(first), 200);
    assert.equal(await inTime(5000, "end of the idle connection", idle.ended), "fin");
    await stage.occupy([first]);
    const second = await stage.connect();
    assert.equal(await stage.ask(second), "closed");
    stage.release();
    const carried = [...busy, first].map((client) => inTime(5000, "answer that was held", statusOf(client)));
    assert.deepEqual([...new Set(await Promise.all(carried))], [200]);
  });
});
