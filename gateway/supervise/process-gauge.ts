import { getHeapStatistics } from "node:v8";

import type { ProcessGauge } from "../admit/shedder.ts";

/** Reads this process. */
export function processGauge(): ProcessGauge {
  let last = performance.eventLoopUtilization();
  const { nodeTiming } = performance;
  return {
    turns: () => nodeTiming.uvMetricsInfo.loopCount,
    idleMs: () => nodeTiming.idleTime,
    cpuMs() {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    },
    utilization() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    heapShare() {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      return used / limit;
    },
  };
}
