import { setTimeout as delay } from "node:timers/promises";

import { generate } from "../generator/client.ts";

/** Enough for the compiler, at a small part of a gateway's capacity. */
const seconds = 1;
const ratePerSecond = 1_000;
const pauseMs = 250;

/**
 * A moment of requests that no route matches. Afterwards code is compiled, so that its compilation is not
 * mistaken for an effect of the load; and no limit, breaker or budget has learned anything.
 */
export async function warmUp(port: number): Promise<void> {
  await generate({
    seed: 1,
    ports: [port],
    classes: [{ name: "warm-up", share: 1, path: "/.well-known/warm-up", deadlineMs: 1_000 }],
    phases: [{ name: "warm-up", seconds, ratePerSecond }],
  });
  // The process shedder forgets the effort.
  await delay(pauseMs);
}
