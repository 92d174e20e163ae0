import type { Attackers } from "../generator/plan.ts";
import type { Scenario, Threshold } from "../scenario.ts";

import { largeOrderSchema } from "./large-order.ts";
import { evictedAfterSeconds } from "./measures/attack.ts";
import { lossAgainst } from "./measures/goodput.ts";
import { countersAround, phaseOf } from "./measures/phase.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

/** Readers, so many that each of their requests has a permit. */
const readers = 200;
/** More than the kernel holds for a reader, which is 4 MB: the gateway is left with the rest, and with its permit. */
const largeAnswer = { slots: readers, meanMs: 20, bodyBytes: 5 * 1024 * 1024 };

/** The default of listen.headersTimeout and of listen.bodyGrace, and 2 s. */
const evictedWithinSeconds = 12;
/**
 * What each fills of the kernel's buffers before it is slow is a fast download of some megabytes. All at once they would
 * be a load test of downloads: a gigabyte through every process here.
 */
const readersPerSecond = 20;
const readersBeginWithinSeconds = readers / readersPerSecond;
const readersGoneAfterSeconds = readersBeginWithinSeconds + evictedWithinSeconds;

const slowHeads: Attackers = {
  kind: "slow-headers",
  connections: 1000,
  path: "/jobs",
  phase: "slow-headers",
  bytesPerSecond: 5,
};
const slowBodies: Attackers = {
  kind: "slow-body",
  connections: 200,
  path: "/upload",
  phase: "slow-body",
  bytesPerSecond: 10,
};
const slowReaders: Attackers = {
  kind: "slow-reader",
  connections: readers,
  path: "/other",
  phase: "slow-reader",
  bytesPerSecond: 1000,
  comingPerSecond: readersPerSecond,
};

function lossTo({ kind, connections, phase }: Attackers): Threshold {
  return {
    says: `goodput lost to ${connections} × ${kind}`,
    of: (run) => lossAgainst(phaseOf(run, "base").all, phaseOf(run, phase).all),
    unit: "ratio",
    atMost: 0.1,
  };
}

/** Who sends slowly hears of its end at once. */
function evictionOf({ kind, connections }: Attackers): Threshold {
  return {
    says: `the last of ${connections} × ${kind} closed after`,
    of: (run) => evictedAfterSeconds(run, kind),
    unit: "s",
    atMost: evictedWithinSeconds,
  };
}

/** Who reads slowly reads for hours on what the kernel holds for it; what it cost is free when the service is. */
function freedOf({ kind, connections, phase }: Attackers): Threshold {
  return {
    says: `connections to the service that ${connections} × ${kind} still hold after ${readersGoneAfterSeconds} s`,
    of: (run) => countersAround(run, phase, 1).after.openConnections,
    unit: "count",
    atMost: 0,
  };
}

export const slowClients: Scenario = {
  number: 10,
  name: "slow-clients",
  question: "Do clients that send or read a few bytes a second take anything from the others, and are they shown out?",
  isQuick: false,
  services: [tenSlots, largeAnswer],
  config: {
    upstreams: { "service-2": { concurrency: { limit: readers } } },
    routes: [
      // A checked body is read before a permit is taken.
      {
        id: "upload",
        methods: ["POST"],
        path: "/upload",
        upstream: "service-1",
        request: { body: { schema: largeOrderSchema } },
      },
      // Who reads a little all the time is only bounded by the time of the whole exchange.
      { id: "other", maxDuration: "10s" },
    ],
  },
  classes: [gets],
  attackers: [slowHeads, slowBodies, slowReaders],
  phases: (isQuick) => [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 2 : 8, load: 0.5 },
    { name: slowHeads.phase, seconds: 14, load: 0.5 },
    { name: slowBodies.phase, seconds: 14, load: 0.5 },
    { name: slowReaders.phase, seconds: readersGoneAfterSeconds, load: 0.5 },
  ],
  thresholds: [
    lossTo(slowHeads),
    evictionOf(slowHeads),
    lossTo(slowBodies),
    evictionOf(slowBodies),
    lossTo(slowReaders),
    freedOf(slowReaders),
  ],
};
