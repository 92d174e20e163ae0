import type { Exchange } from "../exchange.ts";
import type { ProxyStatus } from "./proxy-status.ts";

import { endAfterRequest, isRequestLeft } from "./linger.ts";

/**
 * Answers OPTIONS of the gateway itself with what it serves: 204 and Allow (RFC 9110 §9.3.7). Resolves when the client
 * has it, or is gone.
 */
export async function answerOptions(
  exchange: Exchange,
  methods: readonly string[],
  proxyStatus: ProxyStatus,
): Promise<void> {
  const status = 204;
  exchange.outcome = { status, code: "", source: "gateway" };
  const fields = ["allow", methods.join(", "), "x-request-id", exchange.id, "proxy-status", proxyStatus.answered];
  if (exchange.isLast || isRequestLeft(exchange)) fields.push("connection", "close");
  exchange.res.writeHead(status, fields);
  await endAfterRequest(exchange, undefined);
}
