import type { Subject } from "../scenario.ts";

import { join } from "node:path";

import { haproxyMaxconn } from "../peers/peers.ts";
import { statuswise } from "../stage/statuswise.ts";

function limited(name: string, limit: number | "knee"): Subject {
  const config = { upstreams: { "service-1": { concurrency: { limit } } } };
  return statuswise({ name, setting: `statuswise, concurrency.limit: ${limit}`, config });
}

const hook = join(import.meta.dirname, "gradient2-hook.ts");

/** What is compared: the gateway with one limit after the other, all else alike, and the peer that queues best. */
export const limits: readonly Subject[] = [
  limited("knee", "knee"),
  limited("fixed-10", 10),
  limited("fixed-32", 32),
  limited("fixed-64", 64),
  statuswise({
    name: "gradient2",
    setting: "statuswise with Gradient2 in place of knee",
    // The bounds of the original.
    config: { upstreams: { "service-1": { concurrency: { min: 20, max: 200 } } } },
    nodeArguments: ["--import", hook],
  }),
  haproxyMaxconn,
];
