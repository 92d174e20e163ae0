import type { Exchange, Inbound } from "../exchange/exchange.ts";
import type { Fields } from "../http1/fields.ts";

import { Known } from "../http1/fields.ts";
import { joined, pushForwarding } from "./forwarding.ts";

/**
 * Fields that end at each hop, with the framing ones that each hop writes anew (RFC 9110 §7.6.1, RFC 9112 §6).
 * Stripped both ways before anything of ours is added.
 */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "http2-settings",
]);

/**
 * Request fields that are ours to write, or that would let a client speak for somebody else: what a client claims of
 * its origin is replaced from the socket, a method override would slip past the route's method.
 */
const replacedOnRequest = new Set([
  ...hopByHop,
  "host",
  "content-length",
  "expect",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "max-forwards",
  "x-forwarded-client-cert",
  "client-cert",
  "client-cert-chain",
  "x-request-id",
  "traceparent",
  "tracestate",
  "via",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
]);

const replacedOnResponse = new Set([...hopByHop, "proxy-status", "x-request-id"]);

/** A route's own rules, compiled: names lower-case, values as configured. */
export interface HeaderRules {
  readonly set: ReadonlyArray<readonly [string, string]>;
  readonly remove: ReadonlySet<string>;
}

/** Compiles `headers.request` or `headers.response`; undefined where there is nothing to do. */
export function compileHeaderRules(rules: {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}): HeaderRules | undefined {
  const set = Object.entries(rules.set).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (set.length === 0 && rules.remove.length === 0) return undefined;
  const remove = new Set(rules.remove.map((name) => name.toLowerCase()));
  for (const [name] of set) remove.add(name);
  return { set, remove };
}

export interface RequestHeaderOptions {
  /** The Host field to send. */
  readonly host: string;
  /** This gateway in Via (RFC 9110 §7.6.3): a pseudonym, never an address. */
  readonly pseudonym: string;
  readonly rules: HeaderRules | undefined;
  readonly traceparent: string;
  /** Tells the upstream how long it has, in place of what the client said: name and value. */
  readonly deadline?: readonly [string, string] | undefined;
}

/**
 * The fields to send upstream, as name, value, name, value …: the client's end-to-end fields in their order, then
 * Host, Via, X-Forwarded-*, X-Request-Id and trace context. Names with `_` are dropped, because many upstreams cannot
 * tell them from names with `-`.
 */
export function requestHeaders(exchange: Exchange, options: RequestHeaderOptions): string[] {
  const { inbound } = exchange;
  const { fields } = inbound;
  const { rules, deadline } = options;
  const out: string[] = ["host", options.host];
  pushKept(out, inbound, options);
  const via = `1.${inbound.minorVersion} ${options.pseudonym}`;
  out.push("via", fields.has(Known.via) ? joined(fields.get("via"), via) : via);
  pushForwarding(out, exchange);
  if (fields.has(Known.maxForwards)) pushMaxForwards(out, exchange);
  out.push("x-request-id", exchange.id, "traceparent", options.traceparent);
  if (exchange.trace.state !== undefined) out.push("tracestate", exchange.trace.state);
  if (deadline !== undefined && rules?.remove.has(deadline[0]) !== true) out.push(...deadline);
  if (rules !== undefined) for (const [name, value] of rules.set) out.push(name, value);
  return out;
}

/** The client's own end-to-end fields, in their order. */
function pushKept(out: string[], { fields, isTrusted }: Inbound, { rules, deadline }: RequestHeaderOptions): void {
  const listed = connectionOptions(fields);
  const { list, hasUnderscore } = fields;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    if (replacedOnRequest.has(name) || (hasUnderscore && name.includes("_"))) continue;
    // Whoever speaks for the client, with whatever field of the family (-Prefix, -User, -Ssl …), must be trusted.
    if (!isTrusted && name.startsWith("x-forwarded-")) continue;
    if (listed?.has(name) === true || rules?.remove.has(name) === true || name === deadline?.[0]) continue;
    out.push(name, list[i + 1] as string);
  }
}

/** RFC 9110 §7.6.2: counted down where it means something, else passed on. */
function pushMaxForwards(out: string[], { inbound: { fields, method } }: Exchange): void {
  const hops = fields.get("max-forwards") ?? "";
  out.push("max-forwards", method === "OPTIONS" ? String(Number(hops) - 1) : hops);
}

/** What the Connection field lists, lower-case; undefined where that is nothing but keep-alive or close. */
function connectionOptions(fields: Fields): ReadonlySet<string> | undefined {
  const connection = fields.has(Known.connection) ? fields.get("connection") : undefined;
  if (connection === undefined || connection === "keep-alive" || connection === "close") return undefined;
  return new Set(connection.split(",").map((option) => option.trim().toLowerCase()));
}

/** The end-to-end fields of a response, as name, value …; several fields of one name stay apart and in order. */
export function responseFields(fields: Fields): string[] {
  const listed = connectionOptions(fields);
  const { list } = fields;
  const out: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    if (replacedOnResponse.has(name) || listed?.has(name) === true) continue;
    out.push(name, list[i + 1] as string);
  }
  return out;
}

/** Fields as name, value … by lower-case name, as node's HTTP client takes them; several of one name become a list. */
export function byName(list: readonly string[]): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase();
    const value = list[i + 1] as string;
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}

/** An upstream's promise is shortened by this, so that we close first. Milliseconds. */
const marginMs = 1000;

/** How long the upstream says that it keeps an idle connection (`Keep-Alive: timeout=5`); Infinity where it does not. */
export function promisedKeepAliveMs(fields: Fields): number {
  if (!fields.has(Known.keepAlive)) return Infinity;
  const seconds = /(?:^|[,\s])timeout=([0-9]{1,6})/i.exec(fields.get("keep-alive") ?? "")?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - marginMs);
}
