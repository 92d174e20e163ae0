import { describe, test } from "node:test";

import { fuzzConnections } from "./connection-fuzz.ts";
import { fuzzSettings } from "./connection-fuzz/settings.ts";

const bounded = { timeout: 60_000 };

const runs = [
  {
    title: "leave one process whole, and nothing behind",
    connections: 2500,
    atOnce: 60,
    front: { workers: 1, isSecure: false },
  },
  {
    title: "leave two workers whole, and nothing behind",
    connections: 1000,
    atOnce: 60,
    front: { workers: 2, isSecure: false },
  },
  {
    title: "leave a listener with TLS whole, and nothing behind",
    connections: 600,
    atOnce: 30,
    front: { workers: 1, isSecure: true },
  },
];

describe("connections that do whatever a connection can do", () => {
  for (const { title, ...shape } of runs) {
    test(title, bounded, async (t) => {
      const settings = fuzzSettings();
      t.diagnostic(`seed ${settings.seed}`);
      t.diagnostic(JSON.stringify(await fuzzConnections({ ...settings, ...shape })));
    });
  }
});
