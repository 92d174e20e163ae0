import type { Exchange } from "../exchange/exchange.ts";

/** What a request is hashed by; undefined where it has no such thing. */
export type HashKey = (exchange: Exchange) => string | undefined;

/** `upstreams.*.hashBy`, compiled: ip, path or header:<name>. */
export function compileHashKey(hashBy: string): HashKey {
  if (hashBy === "ip") return ({ inbound }) => inbound.clientAddress;
  if (hashBy === "path") return ({ inbound }) => inbound.path;
  const name = hashBy.slice("header:".length).toLowerCase();
  return ({ inbound }) => inbound.fields.get(name);
}
