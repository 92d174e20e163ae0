import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Fallback } from "./fallback.ts";
import type { ResponseSchema } from "./response-schema.ts";
import type { TranslateOptions } from "./translate.ts";

import { Failure } from "../failures/failure.ts";
import { isServerError } from "../failures/status.ts";
import { discard } from "./discard.ts";
import { translate } from "./translate.ts";

/** What a route makes of its upstream's answers before they are relayed. */
export interface ResponsePolicy {
  readonly translation: TranslateOptions | undefined;
  /** Bodies of the upstream's 5xx stay inside. */
  readonly conceals: boolean;
  readonly fallback: Fallback | undefined;
  readonly schema: ResponseSchema | undefined;
  /** The wait that an answer's Retry-After asks for, in milliseconds; 0 for none, Infinity for an unknown one. */
  readonly waitOf: (headers: readonly string[]) => number;
}

/**
 * The answer to relay: the upstream's own, with another status where it means something else than it says, and checked
 * where it has a schema.
 *
 * Throws upstream_error where the route has something better than a 5xx to say; upstream_schema_violation,
 * upstream_body_too_large; what broke a body off that had to be read whole.
 */
export async function applyResponsePolicy(
  received: UpstreamAnswer,
  exchange: Exchange,
  { translation, conceals, fallback, schema, waitOf }: ResponsePolicy,
): Promise<UpstreamAnswer> {
  if (received.tunnel !== undefined) return received;
  const answer = translation === undefined ? received : await translate(received, exchange, translation);
  const isError = isServerError(answer.status);
  // Whatever it is translated to, the body is that of an error, and says what errors say.
  const isSecret = conceals && (isError || isServerError(received.status));
  if (isSecret || (isError && fallback?.has(exchange) === true)) {
    await discard(answer, exchange);
    if (exchange.cancelled !== undefined) throw exchange.cancelled;
    throw upstreamError(answer, received, waitOf(answer.headers));
  }
  const checked = schema === undefined ? answer : await schema.apply(answer, exchange);
  return fallback === undefined ? checked : fallback.remember(checked, exchange);
}

/** Of its fields, only how long to wait is told on. */
function upstreamError(answer: UpstreamAnswer, received: UpstreamAnswer, waitMs: number): Failure {
  return new Failure("upstream_error", {
    status: answer.status,
    receivedStatus: received.status,
    proxyStatus: answer.proxyStatus,
    ...(waitMs > 0 && waitMs !== Infinity ? { retryAfterMs: waitMs } : {}),
  });
}
