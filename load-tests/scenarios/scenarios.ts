import type { Scenario } from "../scenario.ts";

import { brownOut } from "./brown-out.ts";
import { closedLoop } from "./closed-loop.ts";
import { cpuBound } from "./cpu-bound.ts";
import { critical } from "./critical.ts";
import { deadFailing, deadHung, deadRefused } from "./dead.ts";
import { latencyShift, latencyShift40 } from "./latency-shift.ts";
import { leavingClients } from "./leaving-clients.ts";
import { quotaStore } from "./quota-store.ts";
import { quota } from "./quota.ts";
import { retries } from "./retries.ts";
import { retryingClients } from "./retrying-clients.ts";
import { sibling } from "./sibling.ts";
import { slowClients } from "./slow-clients.ts";
import { spike } from "./spike.ts";
import { sweep } from "./sweep.ts";
import { twoGateways } from "./two-gateways.ts";

/** All that is asked of the gateway under load, in the order of their numbers. */
export const scenarios: readonly Scenario[] = [
  sweep,
  cpuBound,
  closedLoop,
  spike,
  brownOut,
  latencyShift,
  latencyShift40,
  deadRefused,
  deadFailing,
  deadHung,
  sibling,
  retries,
  quota,
  slowClients,
  leavingClients,
  critical,
  retryingClients,
  quotaStore,
  twoGateways,
];
