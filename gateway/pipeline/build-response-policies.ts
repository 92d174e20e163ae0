import type { Clock } from "../exchange/clock.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Report } from "../exchange/events.ts";
import type { ProxyStatus } from "../respond/proxy-status.ts";
import type { CheckBody } from "../respond/response-schema.ts";
import type { ResponsePolicy } from "../respond/response-policy.ts";
import type { RouteValidator } from "../validate/validate.ts";

import { retryAfterMs } from "../attempt/retry.ts";
import { compileHeaderRules } from "../upstream/headers.ts";
import { compileResponsePolicy } from "../respond/compile-response-policy.ts";
import { checkResponse, inflateResponse } from "../validate/response-body.ts";

export interface ResponsePoliciesOptions {
  readonly config: Config;
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly proxyStatus: ProxyStatus;
  readonly report: Report;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** What becomes of the upstreams' answers, by route; without those whose answers are relayed as they are. */
export function buildResponsePolicies(options: ResponsePoliciesOptions): ReadonlyMap<string, ResponsePolicy> {
  const { config, proxyStatus, report, clock, random } = options;
  const policies = new Map<string, ResponsePolicy>();
  for (const route of config.routes) {
    const policy = compileResponsePolicy(route, {
      check: checkOf(route, options),
      decode: inflateResponse,
      waitOf: retryAfterMs,
      fallback: { proxyStatus, pseudonym: config.name, rules: compileHeaderRules(route.headers.response) },
      report,
      clock,
      random,
    });
    if (policy !== undefined) policies.set(route.id, policy);
  }
  return policies;
}

function checkOf({ id }: RouteConfig, { validators }: ResponsePoliciesOptions): CheckBody | undefined {
  const schema = validators.get(id)?.response;
  return schema && ((body, limits) => checkResponse(body, schema, limits));
}
