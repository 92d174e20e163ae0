import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { serviceFiguresOf } from "./service-figures.ts";

const good = { kind: "GET", ms: 10, starvedMs: 0, status: 200 };

function outages(...toldAt: readonly number[]) {
  return serviceFiguresOf(
    toldAt.map((at) => ({ kind: "GET", at, ms: 0, starvedMs: 0, status: 503 })),
    1000,
  )[0]?.outages;
}

describe("figures of good requests", () => {
  test("count a 200 that came after the limit as not served", () => {
    const probes = [
      { ...good, at: 0 },
      { ...good, at: 50, ms: 1001 },
      { ...good, at: 100, status: 503 },
    ];
    const [limited] = serviceFiguresOf(probes, 1000);
    assert.deepEqual([limited?.asked, limited?.notServed, limited?.statuses], [3, 2, [200, 503]]);
  });

  test("leave out the time in which the gateway had no processor", () => {
    const [figures] = serviceFiguresOf([{ ...good, at: 0, ms: 1500, starvedMs: 600 }], 1000);
    assert.deepEqual([figures?.notServed, figures?.slowestMs], [0, 900]);
  });

  test("are kept apart by kind", () => {
    const probes = [
      { ...good, at: 0 },
      { ...good, at: 0, kind: "POST", status: 503 },
    ];
    const figures = serviceFiguresOf(probes, 1000);
    assert.deepEqual(
      figures.map(({ kind, notServed }) => [kind, notServed]),
      [
        ["GET", 0],
        ["POST", 1],
      ],
    );
  });

  test("join refusals into one outage until nobody was refused for a second", () => {
    assert.deepEqual(outages(0, 900, 1900), [{ requests: 3, ms: 1900 }]);
    assert.deepEqual(outages(0, 900, 1901), [
      { requests: 2, ms: 900 },
      { requests: 1, ms: 0 },
    ]);
  });
});
