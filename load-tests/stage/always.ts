import type { ClassResult } from "../generator/load-result.ts";
import type { ScenarioRun, Threshold } from "../scenario.ts";

/** Problems whose status is 503 or 429: those of a gateway that refuses for load, quota or want of an upstream. */
const shedCodes = new Set([
  "circuit_open",
  "concurrency_limited",
  "dependency_unavailable",
  "draining",
  "maintenance",
  "no_healthy_upstream",
  "overloaded",
  "queue_timeout",
  "rate_limited",
]);

/** What every scenario of the gateway must show, whatever else it asks. */
export const always: readonly Threshold[] = [
  { says: "generator kept its pace", unit: "count", atLeast: 1, of: ({ load }) => Number(load.validity.isValid) },
  { says: "answers 500", unit: "count", atMost: 0, of: internalAnswers },
  { says: "sheds of another status than 503 and 429", unit: "count", atMost: 0, of: misnamedSheds },
  { says: "sheds without a Retry-After of whole seconds", unit: "count", atMost: 0, of: shedsWithoutRetryAfter },
  { says: "in flight at the end", unit: "count", atMost: 0, of: ({ end }) => sum(end.map(({ inFlight }) => inFlight)) },
  { says: "live memory after the load, of before", unit: "ratio", atMost: 1.2, of: growth },
];

/** The gateway's that has grown most. */
function growth({ end }: ScenarioRun): number {
  return Math.max(
    ...end.map(({ liveBytes }) => (liveBytes === undefined ? Number.NaN : liveBytes.after / liveBytes.before)),
  );
}

/** By the gateway's own count, and by what clients saw. */
function internalAnswers({ load, end }: ScenarioRun): number {
  const seen = sum(load.phases.map(({ all }) => all.codes["internal"] ?? 0));
  return Math.max(seen, sum(end.map(({ internal }) => internal)));
}

function misnamedSheds({ load }: ScenarioRun): number {
  return sum(load.phases.map(({ all }) => Math.max(0, codedSheds(all) - unavailable(all))));
}

/** A service's own 503 is relayed as it is, often without the field; it has no problem code. */
function shedsWithoutRetryAfter({ load }: ScenarioRun): number {
  const gatewayOwn = (all: ClassResult): number => {
    const relayed = Math.max(0, unavailable(all) - codedSheds(all));
    return Math.max(0, all.withoutRetryAfter - relayed);
  };
  return sum(load.phases.map(({ all }) => gatewayOwn(all)));
}

function codedSheds({ codes }: ClassResult): number {
  return sum(Object.entries(codes).map(([code, count]) => (shedCodes.has(code) ? count : 0)));
}

function unavailable({ statuses }: ClassResult): number {
  return (statuses["503"] ?? 0) + (statuses["429"] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
