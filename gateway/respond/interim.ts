import type { Exchange, InterimResponse } from "../exchange/exchange.ts";

/** Interim responses that one client is sent at most; what its upstream sends beyond is dropped. */
const maxInterimResponses = 10;

export interface InterimOptions {
  /** This gateway in Via. */
  readonly pseudonym: string;
  /** Fields that the route keeps from clients, names lower-case. */
  readonly removed: ReadonlySet<string> | undefined;
}

/**
 * Passes an upstream's interim response on to an HTTP/1.1 client (RFC 9110 §15.2); an HTTP/1.0 client knows none. It
 * changes nothing about the exchange: no timer is reset, and the answer may still be anything.
 */
export function relayInterim(interim: InterimResponse, exchange: Exchange, options: InterimOptions): void {
  if (exchange.interimResponses >= maxInterimResponses) return;
  exchange.interimResponses++;
  const fields: string[] = [];
  for (let i = 0; i < interim.headers.length; i += 2) {
    const name = interim.headers[i] as string;
    // RFC 9110 §8.6: an interim response has no content, and may not say that it had.
    if (name === "content-length" || options.removed?.has(name) === true) continue;
    fields.push(name, interim.headers[i + 1] as string);
  }
  fields.push("via", `1.1 ${options.pseudonym}`);
  exchange.response.interim(interim.status, fields);
}
