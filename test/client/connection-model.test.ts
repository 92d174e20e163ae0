import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { ConnectionState } from "../../gateway/client/connection-state.ts";

import { enter } from "../../gateway/client/connection-state.ts";
import { freshSeed } from "../support/seeded.ts";
import { ConnectionModel } from "./connection-model.ts";
import { play } from "./connection-script.ts";

const states: readonly ConnectionState[] = ["idle", "head", "body", "responding", "lingering", "tunnel", "closed"];

function allows(from: ConnectionState, to: ConnectionState): boolean {
  try {
    return enter(from, to) === to;
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return false;
  }
}

describe("the states of a client connection", () => {
  test("may all end, and an end is the end", () => {
    for (const state of states) assert.equal(allows(state, "closed"), state !== "closed", state);
    for (const state of states) assert.equal(allows("closed", state), false);
  });

  test("serve no request after the last one, nor once the socket was handed over", () => {
    for (const from of ["lingering", "tunnel"] as const) {
      assert.deepEqual(
        states.filter((to) => allows(from, to)),
        ["closed"],
      );
    }
  });

  test("serve no request that has not begun with a head", () => {
    const before = (state: ConnectionState) => states.filter((from) => allows(from, state));
    assert.deepEqual(before("head"), ["idle"]);
    assert.deepEqual(before("body"), ["head"]);
    assert.deepEqual(before("responding"), ["head", "body"]);
    assert.deepEqual(before("tunnel"), ["responding"]);
  });
});

test("whatever client and gateway do: no state is left by a wrong way, each request has its turn, nothing is left", async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const property = fc.asyncProperty(play, async (one) => {
    const model = new ConnectionModel(one);
    for (const step of one.steps) await model.step(step);
    await model.finish();
  });
  await fc.assert(property, { seed, numRuns: 800 });
});
