import { performance } from "node:perf_hooks";

import { Gauge, Registry, collectDefaultMetrics } from "prom-client";

let registry: Registry | undefined;

/**
 * The process's own figures: CPU, memory, event loop, garbage collection. One registry for the process, for there is
 * one process: each collection of defaults starts an event loop monitor and a garbage collection observer for good.
 */
export function processRegistry(): Registry {
  registry ??= createRegistry();
  return registry;
}

function createRegistry(): Registry {
  const created = new Registry();
  collectDefaultMetrics({ register: created, eventLoopMonitoringPrecision: 20 });
  let before = performance.eventLoopUtilization();
  const utilization = new Gauge({
    name: "nodejs_eventloop_utilization_ratio",
    help: "Share of time the event loop was busy since the last scrape.",
    registers: [created],
    collect() {
      const now = performance.eventLoopUtilization();
      utilization.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
  return created;
}
