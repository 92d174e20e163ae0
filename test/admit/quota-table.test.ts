import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { gcra } from "../../gateway/admit/gcra.ts";
import { QuotaTable } from "../../gateway/admit/quota-table.ts";
import { seeded } from "../support/seeded.ts";

const quota = { requests: 1, per: 1000, burst: 5 };

function table(capacity: number): QuotaTable {
  return new QuotaTable(gcra(quota), { capacity, random: seeded(7) });
}

function takeAll(clients: QuotaTable, key: string, now: number): number {
  for (let taken = 0; ; taken += 1) if (clients.take(key, now) > 0) return taken;
}

describe("the table of quotas", () => {
  test("counts each client by itself", () => {
    const clients = table(10);
    assert.equal(takeAll(clients, "one", 0), 5);
    assert.equal(takeAll(clients, "other", 0), 5);
    assert.equal(takeAll(clients, "one", 1000), 1);
    assert.equal(takeAll(clients, "one", 60_000), 5);
  });

  test("remembers no more clients than it may", () => {
    const clients = table(100);
    for (let n = 0; n < 10_000; n += 1) clients.take(`client ${n}`, n / 100);
    assert.equal(clients.size, 100);
  });

  test("takes the place of those who owe nothing before it grows", () => {
    const clients = table(100_000);
    // One newcomer a second, and each owes for one second.
    for (let n = 0; n < 10_000; n += 1) clients.take(`client ${n}`, n * 1000);
    assert.ok(clients.size <= 2, `${clients.size} remembered`);
  });

  test("a flood of invented clients frees nobody of what he owes", () => {
    const clients = table(1000);
    const debtors = Array.from({ length: 50 }, (_, n) => `debtor ${n}`);
    for (const debtor of debtors) takeAll(clients, debtor, 0);
    for (let n = 0; n < 50_000; n += 1) clients.take(`invented ${n}`, n / 100);
    // In the half second that took, none has earned a request.
    const freed = debtors.filter((debtor) => clients.take(debtor, 500) === 0);
    assert.deepEqual(freed, []);
    assert.equal(clients.size, 1000);
  });

  test("who comes new to a full table is served all the same", () => {
    const clients = table(3);
    for (const key of ["a", "b", "c"]) takeAll(clients, key, 0);
    assert.equal(clients.take("newcomer", 0), 0);
    assert.equal(clients.size, 3);
  });
});
