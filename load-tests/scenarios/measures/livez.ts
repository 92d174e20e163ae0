import type { Stage } from "../../scenario.ts";

import { AdminClient } from "../../stage/admin-client.ts";

const everyMs = 50;

/** Asks the first gateway whether it lives, again and again, until it is disposed; notes p99 of the answers' times in ms. */
export function watchLivez(stage: Stage, note: string): AsyncDisposable {
  const adminPort = stage.gateways[0]?.adminPort;
  if (adminPort === undefined) throw new TypeError("the gateway has no admin port");
  const admin = new AdminClient(adminPort);
  const timesMs: number[] = [];
  let asked = Promise.resolve();
  // One at a time: what does not answer is not asked more often.
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const began = performance.now();
    // No answer within the admin client's patience counts as long as that.
    await admin.get("/livez").catch(() => "");
    timesMs.push(performance.now() - began);
    isAsking = false;
  };
  const timer = setInterval(() => {
    asked = ask();
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await asked;
      admin[Symbol.dispose]();
      stage.note(note, timesMs.toSorted((a, b) => a - b)[Math.ceil(0.99 * timesMs.length) - 1] ?? Number.NaN);
    },
  };
}
