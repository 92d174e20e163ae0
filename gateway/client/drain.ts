import type { Clock } from "../clock.ts";
import type { DrainConfig } from "../config/schema.ts";
import type { Listener } from "./server.ts";

export interface DrainOptions {
  readonly config: DrainConfig;
  readonly listener: Pick<Listener, "close" | "destroy">;
  readonly clock: Clock;
  /** Which answers new requests get from here on. */
  readonly admission: (admission: "closing" | "closed") => void;
}

/**
 * Takes the gateway out of service without losing a request. Through `grace` everything is served, each answer as its
 * connection's last, so that load balancers notice and clients move on; then the listener closes and what is in flight
 * may finish; what still is at `deadline`, counted from the start, is destroyed.
 *
 * Resolves with true where everything ended by itself.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { config, listener, clock } = options;
  const startedAt = clock.now();
  options.admission("closing");
  await pause(clock, config.grace);
  const left = config.deadline - (clock.now() - startedAt);
  let isClean = true;
  const timer = clock.setTimeout(
    () => {
      isClean = false;
      listener.destroy();
    },
    Math.max(0, left),
    undefined,
  );
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
