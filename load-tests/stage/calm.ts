import type { GatewayEnd, RunningSubject, SubjectEnd } from "../scenario.ts";

import { setTimeout as delay } from "node:timers/promises";

import { residentBytesOf } from "../peers/child.ts";

const everyMs = 200;
const maxWaitMs = 15_000;

/** Of a gateway that cannot be asked. */
const unasked: SubjectEnd = { inFlight: 0, internal: 0, breakerOpens: 0 };

/**
 * Waits until nothing is in flight, for fifteen seconds at most. Answers what it then finds, beside the live memory
 * `before` the load.
 */
export async function calm(
  gateways: readonly RunningSubject[],
  before: ReadonlyArray<number | undefined>,
): Promise<readonly GatewayEnd[]> {
  const giveUpAt = performance.now() + maxWaitMs;
  for (;;) {
    const found = await Promise.all(gateways.map(endOf));
    const isCalm = found.every(({ inFlight }) => inFlight === 0);
    if (isCalm || performance.now() > giveUpAt) break;
    await delay(everyMs);
  }
  return Promise.all(gateways.map((gateway, place) => gatewayEnd(gateway, before[place])));
}

/** Undefined where that cannot be had. */
export async function liveBytesOf(gateway: RunningSubject): Promise<number | undefined> {
  return gateway.liveBytes?.();
}

async function gatewayEnd(gateway: RunningSubject, before: number | undefined): Promise<GatewayEnd> {
  const end = { ...(await endOf(gateway)), rssBytes: residentBytesOf(gateway.pid) };
  const after = await liveBytesOf(gateway);
  return before === undefined || after === undefined ? end : { ...end, liveBytes: { before, after } };
}

async function endOf(gateway: RunningSubject): Promise<SubjectEnd> {
  return (await gateway.end?.()) ?? unasked;
}
