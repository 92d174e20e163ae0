import assert from "node:assert/strict";
import { test } from "node:test";

import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { SummedMetrics } from "../../gateway/observe/summed-metrics.ts";

async function snapshotOf(requests: number, breaker: number) {
  const registers = [new Registry()];
  new Counter({ name: "requests", help: "-", labelNames: ["route"], registers }).inc({ route: "a" }, requests);
  new Gauge({ name: "connections", help: "-", registers }).set(requests);
  new Gauge({ name: "breaker", help: "-", aggregator: "max", registers }).set(breaker);
  new Histogram({ name: "seconds", help: "-", buckets: [1], registers }).observe(0.5);
  return (registers[0] as Registry).getMetricsAsJSON();
}

test("metrics of several processes are one process's: sums, and the worst of what has no sum", async () => {
  const text = await new SummedMetrics().render([await snapshotOf(3, 0), await snapshotOf(4, 2)]);
  for (const line of ['requests{route="a"} 7', "connections 7", "breaker 2", "seconds_count 2"]) {
    assert.ok(text.split("\n").includes(line), `${line} in ${text}`);
  }
});

test("what a process that has ended has counted stays counted, and its gauges go", async () => {
  const metrics = new SummedMetrics();
  metrics.retire(await snapshotOf(3, 2));
  metrics.retire(await snapshotOf(5, 2));
  const text = await metrics.render([await snapshotOf(4, 0)]);
  for (const line of ['requests{route="a"} 12', "connections 4", "breaker 0", "seconds_count 3"]) {
    assert.ok(text.split("\n").includes(line), `${line} in ${text}`);
  }
});
