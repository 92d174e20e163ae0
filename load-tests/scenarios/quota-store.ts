import type { Scenario, ScenarioRun, Threshold } from "../scenario.ts";

import { phaseOf } from "./measures/phase.ts";
import { recoverySeconds } from "./measures/recovery.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";
import { redisIsMissing, RedisStore } from "./redis-store.ts";

const load = 0.5;
/** Longer than the gateway waits for the store. */
const slowMs = 50;

/** Each run of the load tests has ports of its own, below those that the simulated services take. */
const ports = { relay: 18_000, redis: 19_000 };
const place = process.pid % 1000;

function addedP99Ms(run: ScenarioRun, phase: string): number {
  return phaseOf(run, phase).all.goodMs.p99 - phaseOf(run, "base").all.goodMs.p99;
}

function thresholdsOf(phase: string): Threshold[] {
  return [
    { says: `p99 added while the store is ${phase}`, of: (run) => addedP99Ms(run, phase), unit: "ms", atMost: 25 },
    {
      says: `quotas are counted locally once the store is ${phase}`,
      of: (run) => recoverySeconds(run, phase),
      unit: "s",
      atMost: 1,
    },
  ];
}

/** A scenario with a store of its own, which its acts kill, start and slow down. */
function withStore(store: RedisStore): Scenario {
  return {
    number: 14,
    name: "quota-store",
    question: "Does a store of shared quotas that dies, returns or slows down cost the clients anything?",
    isQuick: false,
    unmet: redisIsMissing,
    services: [tenSlots],
    config: {
      redis: { url: store.url },
      routes: [{ id: "jobs", rateLimit: { requests: 100_000, per: "1m", burst: 1000, by: "route", shared: true } }],
    },
    classes: [gets],
    prepare: async () => {
      await store.open();
      return store;
    },
    phases: (isQuick) => {
      const seconds = isQuick ? 3 : 8;
      return [
        warmUp(isQuick),
        { name: "base", seconds, load },
        { name: "killed", seconds, load, act: () => store.kill() },
        { name: "returning", seconds, load, act: () => store.start() },
        { name: "slow", seconds, load, act: async () => void (store.delayMs = slowMs) },
        { name: "back", seconds, load, act: async () => void (store.delayMs = 0) },
      ];
    },
    thresholds: ["killed", "returning", "slow", "back"].flatMap(thresholdsOf),
  };
}

export const quotaStore = withStore(new RedisStore(ports.relay + place, ports.redis + place));
