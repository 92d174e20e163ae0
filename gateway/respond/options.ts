import type { Exchange } from "../exchange/exchange.ts";
import type { ProxyStatus } from "./proxy-status.ts";

import { endResponse } from "./end-response.ts";

/**
 * Answers OPTIONS of the gateway itself with what it serves: 204 and Allow (RFC 9110 §9.3.7). Resolves when the client
 * has it, or is gone.
 */
export function answerOptions(
  exchange: Exchange,
  methods: readonly string[],
  proxyStatus: ProxyStatus,
): Promise<void> | undefined {
  const status = 204;
  exchange.outcome = { status, code: "", source: "gateway" };
  const fields = ["allow", methods.join(", "), "x-request-id", exchange.id, "proxy-status", proxyStatus.answered];
  exchange.response.begin(status, fields, exchange.isLast);
  return endResponse(exchange);
}
