import type { LoadResult } from "../../../load-tests/generator/load-result.ts";

import { generate } from "../../../load-tests/generator/client.ts";
import { startDelaying } from "./delaying-process.ts";
import { planOf, request } from "./load-under-test.ts";

/** Asks a server that answers after exactly so long, generator and server each in a process of its own. */
export async function askDelayed(ratePerSecond: number, seconds: number, delayMs: number): Promise<LoadResult> {
  await using server = await startDelaying({ delayMs });
  const phases = [{ name: "steady", seconds, ratePerSecond }];
  return await generate(planOf({ ports: [server.port], phases }));
}

/** The first of these runs that was valid, or else the last: on a machine that is busy with other things none may be. */
export async function firstValid(runs: number, run: () => Promise<LoadResult>): Promise<LoadResult> {
  const result = await run();
  return result.validity.isValid || runs === 1 ? result : firstValid(runs - 1, run);
}

/** Asks a fast server at even gaps that stands still once for a second. */
export async function askStalled(ratePerSecond: number, deadlineMs: number): Promise<LoadResult> {
  await using server = await startDelaying({ delayMs: 0, stall: { afterMs: 1000, forMs: 1000 } });
  const phases = [{ name: "steady", seconds: 3, ratePerSecond, spacing: "constant" }] as const;
  return await generate(planOf({ ports: [server.port], phases, classes: [{ ...request, deadlineMs }] }));
}
