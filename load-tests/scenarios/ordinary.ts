import type { RequestClass } from "../generator/plan.ts";
import type { ScenarioPhase } from "../scenario.ts";
import type { Service } from "../upstream/service.ts";

/** The service of most scenarios: 500 requests a second. */
export const tenSlots: Service = { slots: 10, meanMs: 20 };

/** Of all clients, in milliseconds. */
export const patienceMs = 1000;

/** The clients of most scenarios. */
export const gets: RequestClass = { name: "get", share: 1, path: "/jobs", deadlineMs: patienceMs };

/** What every load begins with: code that was never run is slow, and would make the baseline look bad. */
export function warmUp(isQuick: boolean, load = 0.5): ScenarioPhase {
  return { name: "warm-up", seconds: isQuick ? 1 : 3, load };
}
