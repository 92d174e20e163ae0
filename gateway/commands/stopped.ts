import type { RunningGateway } from "../supervise/running-gateway.ts";
import type { StartSurroundings } from "./terminal.ts";

/** Settles at the first signal; a second one ends the process as soon as the log is written. */
export function stopped(gateway: RunningGateway, surroundings: StartSurroundings): Promise<void> {
  let isStopping = false;
  return new Promise((resolve) => {
    surroundings.onSignal(() => {
      if (isStopping) {
        void gateway.observer.close().finally(() => surroundings.exit(1));
        return;
      }
      isStopping = true;
      resolve();
    });
  });
}
