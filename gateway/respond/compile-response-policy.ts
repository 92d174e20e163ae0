import type { Clock } from "../exchange/clock.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { Report } from "../exchange/events.ts";
import type { FallbackOptions } from "./fallback.ts";
import type { CheckBody } from "./response-schema.ts";
import type { ResponsePolicy } from "./response-policy.ts";
import type { Decode } from "./translate.ts";

import { Fallback } from "./fallback.ts";
import { ResponseSchema } from "./response-schema.ts";
import { compileTranslations } from "./translate.ts";

export interface ResponsePolicyOptions {
  /** Checks a body against the route's schema; undefined where it has none. */
  readonly check: CheckBody | undefined;
  readonly decode: Decode;
  readonly waitOf: ResponsePolicy["waitOf"];
  readonly fallback: FallbackOptions;
  readonly report: Report;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Compiles `upstreamErrors` and `response`; undefined where answers are relayed as they are. */
export function compileResponsePolicy(route: RouteConfig, options: ResponsePolicyOptions): ResponsePolicy | undefined {
  const { conceal: conceals, translate, fallback, maxSize: maxBytes } = route.upstreamErrors;
  const { decode, clock, waitOf } = options;
  const hasFallback = fallback.body !== undefined || fallback.staleIfError !== undefined;
  const schema = compileSchema(route, options);
  if (!conceals && translate.length === 0 && !hasFallback && schema === undefined) return undefined;
  return {
    conceals,
    waitOf,
    schema,
    translation: translate.length === 0 ? undefined : { rules: compileTranslations(translate), maxBytes, decode },
    fallback: hasFallback ? new Fallback(fallback, clock, options.fallback) : undefined,
  };
}

function compileSchema({ id, response }: RouteConfig, options: ResponsePolicyOptions): ResponseSchema | undefined {
  const { check, report, random } = options;
  if (response === undefined || check === undefined) return undefined;
  const { mode, maxSize: maxBytes, sample } = response;
  return new ResponseSchema({ route: id, mode, maxBytes, sample, check, report, random });
}
