import type { Exchange } from "../exchange.ts";

import { joined, pushForwarding, single } from "./forwarding.ts";

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
  const { inbound, req } = exchange;
  const { rules, deadline } = options;
  const listed = connectionOptions(req.headers.connection);
  const raw = req.rawHeaders;
  const out: string[] = ["host", options.host];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (replacedOnRequest.has(name) || name.includes("_")) continue;
    // Whoever speaks for the client, with whatever field of the family (-Prefix, -User, -Ssl …), must be trusted.
    if (!inbound.isTrusted && name.startsWith("x-forwarded-")) continue;
    if (listed?.has(name) === true || rules?.remove.has(name) === true || name === deadline?.[0]) continue;
    out.push(name, raw[i + 1] as string);
  }
  out.push("via", joined(req.headers.via, `${req.httpVersion} ${options.pseudonym}`));
  pushForwarding(out, exchange);
  const hops = single(req.headers["max-forwards"]);
  // RFC 9110 §7.6.2: counted down where it means something, else passed on.
  if (hops !== undefined) out.push("max-forwards", inbound.method === "OPTIONS" ? String(Number(hops) - 1) : hops);
  out.push("x-request-id", exchange.id, "traceparent", options.traceparent);
  if (exchange.trace.state !== undefined) out.push("tracestate", exchange.trace.state);
  if (deadline !== undefined && rules?.remove.has(deadline[0]) !== true) out.push(...deadline);
  if (rules !== undefined) for (const [name, value] of rules.set) out.push(name, value);
  return out;
}

/** What the Connection field lists, lower-case; undefined where that is nothing but keep-alive or close. */
function connectionOptions(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return undefined;
  return new Set(connection.split(",").map((option) => option.trim().toLowerCase()));
}

/** An upstream's fields by lower-case name, as undici hands them over. */
export type ParsedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Fields as name, value … by lower-case name; several of one name become a list. */
export function byName(raw: readonly string[]): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}

/** The end-to-end fields of an answer, as name, value …; several fields of one name stay apart and in order. */
export function responseHeaders(parsed: ParsedHeaders): string[] {
  const listed = connectionOptions(single(parsed["connection"]));
  const out: string[] = [];
  for (const name in parsed) {
    if (replacedOnResponse.has(name) || listed?.has(name) === true) continue;
    const value = parsed[name];
    if (typeof value === "string") out.push(name, value);
    else if (value !== undefined) for (const each of value) out.push(name, each);
  }
  return out;
}

/**
 * Whether trailers hold a field of the hop. It is dropped like all trailers, but the HTTP client's parser acts on it,
 * and would take the next response on the connection for data after its end.
 */
export function namesHop(trailers: ParsedHeaders): boolean {
  for (const name in trailers) if (hopByHop.has(name)) return true;
  return false;
}

/** The members of a list-valued field, joined; undefined where it is absent. */
export function listField(parsed: ParsedHeaders, name: string): string | undefined {
  return single(parsed[name]);
}
