import type { Clock } from "../exchange/clock.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Report } from "../exchange/events.ts";
import type { ProxyStatus } from "../respond/proxy-status.ts";
import type { CheckBody } from "../respond/response-schema.ts";
import type { Screening } from "../respond/response-policy.ts";
import type { RouteValidator } from "../validate/validate.ts";

import { retryAfterMs } from "../attempt/retry.ts";
import { compileHeaderRules } from "../upstream/headers.ts";
import { compileScreening } from "../respond/compile-response-policy.ts";
import { checkResponse, inflateResponse } from "../validate/response-body.ts";

export interface ScreeningsOptions {
  readonly config: Config;
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly proxyStatus: ProxyStatus;
  readonly report: Report;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** What becomes of the upstreams' answers, by route; without those whose answers are relayed as they are. */
export function assembleScreenings(options: ScreeningsOptions): ReadonlyMap<string, Screening> {
  const { config, proxyStatus, report, clock, random } = options;
  const screenings = new Map<string, Screening>();
  for (const route of config.routes) {
    const screening = compileScreening(route, {
      check: checkOf(route, options),
      decode: inflateResponse,
      waitOf: retryAfterMs,
      fallback: { proxyStatus, pseudonym: config.name, rules: compileHeaderRules(route.headers.response) },
      report,
      clock,
      random,
    });
    if (screening !== undefined) screenings.set(route.id, screening);
  }
  return screenings;
}

function checkOf({ id }: RouteConfig, { validators }: ScreeningsOptions): CheckBody | undefined {
  const schema = validators.get(id)?.response;
  return schema && ((body, limits) => checkResponse(body, schema, limits));
}
