import type { WireRule } from "../http1/rules.ts";

import { Failure } from "../failures/failure.ts";
import { WireError } from "../failures/wire-error.ts";
import { wireRules } from "../http1/rules.ts";

/** What a response is that breaks a rule of the wire, before its head was read (`isAnswered` false) or after. */
export function wireFailure(rule: WireRule, isAnswered: boolean): Failure {
  const cause = new WireError(rule, wireRules[rule]);
  const isTooLarge = rule === "head_too_large" || rule === "first_line_too_large";
  if (isTooLarge) return new Failure("upstream_headers_too_large", { cause });
  return new Failure(isAnswered ? "upstream_incomplete" : "upstream_protocol_error", { cause });
}
