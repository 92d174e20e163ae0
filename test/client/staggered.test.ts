import assert from "node:assert/strict";
import { test } from "node:test";

import { Staggered } from "../../gateway/client/staggered.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("work that comes at once is done in order, a little in each turn", async () => {
  const done: number[] = [];
  const staggered = new Staggered<number>((item) => done.push(item));
  const all = Array.from({ length: 8 }, (_, n) => n);
  for (const item of all) staggered.add(item);
  assert.deepEqual(done, []);
  await turn();
  assert.deepEqual(done, all.slice(0, 3));
  await turn();
  assert.deepEqual(done, all.slice(0, 6));
  await turn();
  assert.deepEqual(done, all);
});

test("what is added while the rest waits has its turn, and so has what comes after all is done", async () => {
  const done: number[] = [];
  const staggered = new Staggered<number>((item) => {
    done.push(item);
    if (item === 1) staggered.add(2);
  });
  staggered.add(1);
  await turn();
  await turn();
  assert.deepEqual(done, [1, 2]);
  staggered.add(3);
  await turn();
  assert.deepEqual(done, [1, 2, 3]);
});
