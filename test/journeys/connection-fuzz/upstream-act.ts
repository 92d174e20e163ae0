import type { UpstreamConnection } from "../../support/raw-upstream.ts";
import type { Ask } from "./upstream-answers.ts";

/** Answers one request. True where the connection may carry the next. */
export type UpstreamAct = (connection: UpstreamConnection, ask: Ask) => Promise<boolean> | boolean;

/** Finishes with the connection in the way that was asked for. */
export function endBy(connection: UpstreamConnection, by: string): false {
  if (by === "reset") connection.reset();
  else if (by === "destroy") connection.destroy();
  else connection.fin();
  return false;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
