import type { FailureCode } from "../../../gateway/failures/codes.ts";
import type { Stage } from "../../support/stage.ts";

/** One way to a row of the failure map, played over real sockets. */
export interface FailureJourney {
  readonly code: FailureCode;
  /** Completes the sentence "<code>: …". */
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
}

export function journey(code: FailureCode, name: string, play: FailureJourney["play"]): FailureJourney {
  return { code, name, play };
}
