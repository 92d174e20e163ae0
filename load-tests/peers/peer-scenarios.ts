import type { Scenario } from "../scenario.ts";

import { brownOut } from "../scenarios/brown-out.ts";
import { latencyShift, latencyShift40 } from "../scenarios/latency-shift.ts";
import { spike } from "../scenarios/spike.ts";
import { sweep } from "../scenarios/sweep.ts";
import { afterLoad, afterLoadUnnoticed } from "./after-load.ts";

/** Where a peer can be compared: plain requests to one service, and nothing that only this gateway can be told. */
export const peerScenarios: readonly Scenario[] = [
  afterLoad,
  afterLoadUnnoticed,
  sweep,
  spike,
  brownOut,
  latencyShift,
  latencyShift40,
];
