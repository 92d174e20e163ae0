import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { ResponseBuffers } from "../../gateway/client/response-buffers.ts";

test("a response may hold its part, and no more", () => {
  const buffers = new ResponseBuffers(100, 1000);
  assert.equal(buffers.charge(99, 99), true);
  assert.equal(buffers.charge(1, 100), false);
  assert.equal(buffers.charge(-1, 99), true);
  assert.equal(buffers.usedBytes, 99);
});

test("once all is in use, whoever holds a byte waits, and whoever holds none does not", () => {
  const buffers = new ResponseBuffers(100, 150);
  buffers.charge(90, 90);
  assert.equal(buffers.charge(60, 60), false);
  assert.equal(buffers.charge(0, 90), false);
  assert.equal(buffers.charge(0, 0), true);
  assert.equal(buffers.charge(-60, 0), true);
  assert.equal(buffers.charge(0, 90), true);
});

test("changed limits hold for what is in use already", () => {
  const buffers = new ResponseBuffers(100, 1000);
  buffers.charge(50, 50);
  buffers.reconfigure(50, 1000);
  assert.equal(buffers.charge(0, 50), false);
  buffers.reconfigure(100, 50);
  assert.equal(buffers.charge(0, 50), false);
  buffers.reconfigure(100, 51);
  assert.equal(buffers.charge(0, 50), true);
});

test("what is in use is the sum of what all hold, and nothing once all have been taken", () => {
  const step = fc.record({ who: fc.nat(4), bytes: fc.nat(150) });
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const buffers = new ResponseBuffers(100, 250);
    const held = [0, 0, 0, 0, 0];
    const set = (who: number, bytes: number): boolean => {
      const delta = bytes - (held[who] as number);
      held[who] = bytes;
      return buffers.charge(delta, bytes);
    };
    for (const { who, bytes } of steps) {
      const mayGoOn = set(who, bytes);
      const sum = held.reduce((total, one) => total + one, 0);
      assert.equal(buffers.usedBytes, sum);
      assert.equal(mayGoOn, bytes < 100 && (bytes === 0 || sum < 250));
    }
    for (const who of held.keys()) set(who, 0);
    assert.equal(buffers.usedBytes, 0);
  });
  fc.assert(property);
});

test("a response that has been read whole may wait without a permit up to its part and one read more", () => {
  const buffers = new ResponseBuffers(100, 1000);
  assert.equal(buffers.isLittle(100 + 65_536), true);
  assert.equal(buffers.isLittle(101 + 65_536), false);
});
