import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";

import { fieldOf, fieldsOf } from "./answer-fields.ts";

/** How long an answer may be served, in milliseconds from its birth. */
export interface Lifetime {
  /** How old it was when it came. */
  readonly ageMs: number;
  /** It is fresh until it is this old. */
  readonly freshMs: number;
  /** After an error it may be served until it is this old. */
  readonly usableMs: number;
}

/** Any of these, and nobody but the one who asked may be given the answer, or nobody without asking again. */
const unstorable = ["no-store", "private", "no-cache"];

/** RFC 9111 §4.2.4: these forbid to serve a stale answer, whatever the configuration says. */
const neverStale = ["must-revalidate", "proxy-revalidate", "s-maxage"];

/**
 * Whether a request may be answered from a shared cache, and its answer kept in one: a GET or HEAD that names nobody
 * (RFC 9111 §3.5) and does not forbid it.
 */
export function isCacheable({ inbound }: Exchange): boolean {
  const { method, fields } = inbound;
  if (method !== "GET" && method !== "HEAD") return false;
  if (fields.get("authorization") !== undefined) return false;
  const cacheControl = fields.get("cache-control");
  if (cacheControl === undefined) return true;
  const directives = parseCacheControl([cacheControl]);
  return !directives.has("no-store") && !directives.has("no-cache");
}

/**
 * How long this answer to a cacheable request may be served; undefined where it may not be kept: it is not a whole and
 * good one, or somebody says that it is not for everybody.
 */
export function lifetimeOf(answer: UpstreamAnswer, exchange: Exchange, staleMs: number): Lifetime | undefined {
  const { headers } = answer;
  if (answer.status !== 200 || exchange.inbound.method !== "GET") return undefined;
  if (fieldOf(headers, "set-cookie") !== undefined || fieldOf(headers, "content-range") !== undefined) return undefined;
  const directives = parseCacheControl(fieldsOf(headers, "cache-control"));
  if (unstorable.some((name) => directives.has(name))) return undefined;
  const isForEverybody = directives.has("public") || directives.has("s-maxage");
  // RFC 9111 has no rule for cookies; an answer to one may be one person's, though it forgot to say so.
  if (exchange.inbound.fields.get("cookie") !== undefined && !isForEverybody) return undefined;
  const ageMs = 1000 * (Number(fieldOf(headers, "age")) || 0);
  const freshMs = 1000 * freshSeconds(directives, headers);
  const usableMs = Math.min(staleMs, longestUse(directives, freshMs));
  return usableMs > ageMs ? { ageMs, freshMs, usableMs } : undefined;
}

/** RFC 9111 §4.2.1, without a guess where nothing is said. */
function freshSeconds(directives: Directives, headers: readonly string[]): number {
  const told = secondsOf(directives, "s-maxage") ?? secondsOf(directives, "max-age");
  if (told !== undefined) return told;
  const seconds = (Date.parse(fieldOf(headers, "expires") ?? "") - Date.parse(fieldOf(headers, "date") ?? "")) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

/** What the answer itself allows: RFC 5861 §4. */
function longestUse(directives: Directives, freshMs: number): number {
  if (neverStale.some((name) => directives.has(name))) return freshMs;
  const stale = secondsOf(directives, "stale-if-error");
  return stale === undefined ? Infinity : freshMs + 1000 * stale;
}

/** Cache-Control's directives by lower-case name; the value is empty where there is none. RFC 9111 §5.2. */
export type Directives = ReadonlyMap<string, string>;

const directive = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;

function parseCacheControl(values: readonly string[]): Directives {
  const directives = new Map<string, string>();
  for (const value of values) {
    for (const [, name = "", quoted, token] of value.matchAll(directive)) {
      const known = name.toLowerCase();
      // RFC 9111 §4.2.1: of several, the first counts.
      if (!directives.has(known)) directives.set(known, quoted?.replaceAll(/\\(.)/g, "$1") ?? token ?? "");
    }
  }
  return directives;
}

/** A directive's seconds; 0 where they do not parse, as of something that is stale already (RFC 9111 §4.2.1). */
function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d{1,10}$/.test(value) ? Number(value) : 0;
}
