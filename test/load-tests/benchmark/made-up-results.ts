import type { BenchmarkResults, Figures } from "../../../load-tests/peers/benchmark/results.ts";

const spread = (median: number) => ({ median, least: median * 0.9, most: median * 1.1 });

function figures(subject: string, cost: number, ratios: Figures["ratios"]): Figures {
  return {
    subject,
    cpuMicroseconds: spread(cost),
    perSecond: spread(800_000 / cost),
    p50Ms: spread(cost / 10),
    p99Ms: spread(cost / 4),
    busy: 0.8,
    ratios,
    errors: 0,
    messages: [],
    rounds: [],
  };
}

/** A run with figures that are easy to check by hand. */
export const madeUpResults: BenchmarkResults = {
  version: 1,
  command: "npm run benchmark -- --full --publish",
  mode: "full",
  startedAt: "2026-11-30T10:00:00.000Z",
  seconds: 700,
  machine: {
    processor: "Made-up <CPU>",
    cores: "2",
    memory: "8.0 GiB",
    system: "Linux 6.0",
    node: "26.10.0",
    load: "0.10",
  },
  method: { rounds: 5, sliceMs: 1500, warmUpMs: 750, isFresh: true },
  subjects: [
    { name: "gateway", setting: "everything", version: "abc1234" },
    { name: "@fastify/http-proxy", setting: "bare", version: "11.6.3" },
    { name: "nginx", setting: "JSON log", version: "1.22.1" },
    {
      name: "haproxy",
      setting: "JSON log",
      version: "not installed",
      skipped: "not installed: apt-get install haproxy",
    },
  ],
  cells: [
    {
      workload: "get",
      title: "GET",
      unit: "request",
      connections: 1000,
      figures: [
        figures("gateway", 50, { "@fastify/http-proxy": 0.5, nginx: 2.5 }),
        figures("@fastify/http-proxy", 100, { nginx: 5 }),
        figures("nginx", 20, { "@fastify/http-proxy": 0.2 }),
      ],
    },
    {
      workload: "shed",
      title: "GET shed",
      unit: "request",
      connections: 64,
      figures: [figures("gateway", 20, { nginx: 4 }), figures("nginx", 5, {})],
    },
  ],
};

/** A run in which the gateway answered GETs wrongly seven times. */
export const failedResults: BenchmarkResults = {
  ...madeUpResults,
  cells: [
    {
      workload: "get",
      title: "GET",
      unit: "request",
      connections: 1000,
      figures: [{ ...figures("gateway", 50, {}), errors: 7, messages: ["'HTTP/1.1 503 x' in place of 200"] }],
    },
  ],
};
