import { test } from "node:test";

import { fuzzConnections } from "../journeys/connection-fuzz.ts";
import { fuzzSettings } from "../journeys/connection-fuzz/settings.ts";
import { ResidentLevels } from "../support/resident-levels.ts";

/** FUZZ_CONNECTIONS makes it shorter or longer; FUZZ_SEED repeats one. */
const connections = Number(process.env["FUZZ_CONNECTIONS"] ?? 200_000);
const { seed, ...chosen } = fuzzSettings();

const runs = [
  { title: "one process", share: 0.45, atOnce: 60, front: { workers: 1, isSecure: false } },
  { title: "two workers", share: 0.25, atOnce: 60, front: { workers: 2, isSecure: false } },
  { title: "one process with TLS", share: 0.2, atOnce: 30, front: { workers: 1, isSecure: true } },
  { title: "two workers with TLS", share: 0.1, atOnce: 30, front: { workers: 2, isSecure: true } },
];

/** Of all runs together, on a machine that is busy with others. */
const longestMs = 40 * 60_000;

for (const { title, share, atOnce, front } of runs) {
  test(
    `connections that do whatever a connection can do leave nothing behind: ${title}`,
    { timeout: longestMs },
    async (t) => {
      t.diagnostic(`seed ${seed}`);
      // As long runs are judged by the second, this one is by the percent of its connections.
      const levels = new ResidentLevels(t, 100);
      const figures = await fuzzConnections({
        ...chosen,
        seed,
        atOnce,
        front,
        connections: Math.round(connections * share),
        report: (progress) => {
          levels.report({ second: progress.percent, residentMiB: progress.residentMiB });
          if (progress.percent % 5 === 0) process.stderr.write(`${title}: ${JSON.stringify(progress)}\n`);
        },
      });
      levels.judge(figures);
    },
  );
}
