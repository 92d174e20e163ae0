import { readFileSync } from "node:fs";

import type { Bucket } from "../generator/load-result.ts";
import type { LoadPlan } from "../generator/plan.ts";
import type { ScenarioResult } from "../report/results.ts";
import type { ScenarioRun } from "../scenario.ts";
import type { Order } from "./command-line.ts";
import type { Judged } from "./judge.ts";
import type { Watch } from "./perform.ts";

import { generate } from "../generator/client.ts";
import { Ticker } from "../stage/tick.ts";
import { performRuns } from "./perform.ts";

/** In multiples of --rate. */
const loads = [0.5, 0.8, 1, 1.5, 2];
const defaultPort = 80;
const patienceMs = 10_000;

/** Loads a gateway that somebody has deployed, at rates around the one that its operator names. */
export async function performDeployed(order: Order, target: URL, watch: Watch): Promise<ScenarioResult> {
  const ticker = new Ticker();
  const onBucket = (bucket: Bucket): void => {
    const tick = ticker.take(bucket, undefined);
    if (tick !== undefined) watch.display.tick(tick);
  };
  const runOnce = async (seed: number): Promise<ScenarioRun> => {
    const load = await generate(deployedPlan({ ...order, seed }, target), { onBucket, signal: watch.signal });
    return { load, capacity: order.rate ?? Number.NaN, samples: [], counters: {}, end: [], notes: {} };
  };
  return performRuns(deployedTrial(order, target), { ...order, always: [], runOnce }, watch);
}

/** It has no threshold: what is enough there, only its operator knows. */
function deployedTrial({ rate = 1 }: Order, target: URL): Judged {
  const question = `What comes out of ${target.origin} at half to twice ${rate} requests per second?`;
  const scenario = { number: 0, name: "deployed", question, thresholds: [] };
  return { scenario, subject: { name: target.host, setting: "" }, isReference: false };
}

export function deployedPlan(order: Order, target: URL): LoadPlan {
  const { rate = 1, seconds, scale, seed } = order;
  const body = order.bodyFile === undefined ? undefined : readFileSync(order.bodyFile, "utf8");
  const fields: [string, string][] = [["Host", target.host]];
  if (body !== undefined) fields.push(["Content-Type", "application/json"]);
  return {
    seed,
    // A URL has an IPv6 address in brackets; a socket does not.
    host: target.hostname.replace(/^\[(.*)\]$/, "$1"),
    ports: [target.port === "" ? defaultPort : Number(target.port)],
    classes: [
      {
        name: "deployed",
        share: 1,
        path: order.path ?? target.pathname,
        fields,
        deadlineMs: patienceMs,
        method: order.method ?? (body === undefined ? "GET" : "POST"),
        ...(body === undefined ? {} : { body }),
      },
    ],
    phases: loads.map((load) => ({ name: `${load}x`, seconds: seconds * scale, ratePerSecond: rate * load })),
  };
}
