import { hash } from "node:crypto";
import { isIPv6 } from "node:net";

import type { Exchange } from "../exchange.ts";

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
  if (by === "ip") return ({ inbound }) => addressKey(inbound.clientAddress);
  const name = by.slice("header:".length).toLowerCase();
  return ({ req, inbound }) => {
    const value = req.headers[name];
    // No header value has a line break, so no value is taken for an address.
    if (value === undefined || value === "") return `\n${addressKey(inbound.clientAddress)}`;
    return bounded(typeof value === "string" ? value : value.join());
  };
}

/** An IPv4 address, or an IPv6 network of 64 bits: a client commonly has that many addresses to itself (RFC 6177). */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    // An IPv4 tail stands for two groups.
    const length = rest.length + (tail.includes(".") ? 1 : 0);
    while (groups.length < 8 - length) groups.push("0");
    groups.push(...rest);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function bounded(value: string): string {
  return value.length < hashLength ? value : hash("sha256", value, "hex");
}

/** The same key where others may read it: a header may be a credential. */
export function concealed(key: string): string {
  return hash("sha256", key, "hex");
}
