import type { Clock } from "../exchange/clock.ts";
import type { DrainConfig } from "../config/schema.ts";
import type { Listener } from "./server.ts";

export interface DrainOptions {
  readonly config: DrainConfig;
  readonly listener: Pick<Listener, "close" | "cancel" | "destroy">;
  readonly clock: Clock;
  /** Which answers new requests get from here on. */
  readonly admission: (admission: "closing" | "closed") => void;
}

/** What is under way at the deadline is answered by the gateway, and its client has this long to take it. Milliseconds. */
const lastAnswersMs = 1000;

/**
 * Takes the gateway out of service without losing a request. Through `grace` everything is served, each answer as its
 * connection's last, so that load balancers notice and clients move on; then the listener closes and what is in flight
 * may finish; what still is at `deadline`, counted from the start, is ended as `draining` or `deadline_exceeded`, and
 * what stands a second later is destroyed.
 *
 * Resolves with true where everything ended by itself.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { config, listener, clock } = options;
  const startedAt = clock.now();
  options.admission("closing");
  await pause(clock, config.grace);
  let isClean = true;
  const destroy = (): void => listener.destroy();
  const end = (): void => {
    isClean = false;
    listener.cancel();
    timer = clock.setTimeout(destroy, lastAnswersMs, undefined);
  };
  let timer = clock.setTimeout(end, Math.max(0, config.deadline - (clock.now() - startedAt)), undefined);
  const closed = listener.close();
  // What had arrived by now is read in this turn of the event loop, and still served.
  setImmediate(() => options.admission("closed"));
  await closed;
  clock.clearTimeout(timer);
  return isClean;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  if (delayMs <= 0) return Promise.resolve();
  return new Promise((resolve) => clock.setTimeout(() => resolve(), delayMs, undefined));
}
