import { hash } from "node:crypto";

import type { Exchange } from "../exchange/exchange.ts";

import { addressGroup } from "../exchange/address-group.ts";

/** Whom a request counts for. */
export type ClientKey = (exchange: Exchange) => string;

/** Keys are shorter than this, or a hash of just this length: a table of them is bounded, and no two kinds meet. */
const hashLength = 64;

/**
 * Compiles `rateLimit.by`: `ip`, `route` or `header:<name>`. A request without the header counts for its address,
 * since one quota for all who leave it out would let any of them use it up.
 */
export function compileClientKey(by: string): ClientKey {
  if (by === "route") return () => "";
  if (by === "ip") return ({ inbound }) => addressGroup(inbound.clientAddress);
  const name = by.slice("header:".length).toLowerCase();
  return ({ inbound }) => {
    const value = inbound.fields.get(name);
    // No header value has a line break, so no value is taken for an address.
    if (value === undefined || value === "") return `\n${addressGroup(inbound.clientAddress)}`;
    return bounded(value);
  };
}

function bounded(value: string): string {
  return value.length < hashLength ? value : hash("sha256", value, "hex");
}

/** The same key where others may read it: a header may be a credential. */
export function concealed(key: string): string {
  return hash("sha256", key, "hex");
}
