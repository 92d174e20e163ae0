import type { Item } from "structured-headers";

import { serializeList, Token } from "structured-headers";

import type { Stale } from "./stale-cache.ts";

import { identifier } from "./proxy-status.ts";

/** How a request came to be answered from the cache. */
export interface CacheUse {
  readonly stale: Stale;
  /** The upstream was asked first. */
  readonly wasForwarded: boolean;
  /** What it answered; undefined where it did not. */
  readonly receivedStatus: number | undefined;
}

/**
 * Our member of Cache-Status (RFC 9211): `hit` where nobody was asked, else why the request had gone forward and what
 * came of it. `ttl` is negative for as long as the answer has been stale.
 */
export function cacheStatus(name: string, { stale, wasForwarded, receivedStatus }: CacheUse): string {
  const parameters = new Map<string, Item[0]>();
  if (!wasForwarded) parameters.set("hit", true);
  // While it is fresh it is not asked for: this cache serves errors alone.
  else parameters.set("fwd", new Token(stale.freshForMs < 0 ? "stale" : "bypass"));
  if (receivedStatus !== undefined) parameters.set("fwd-status", receivedStatus);
  parameters.set("ttl", Math.floor(stale.freshForMs / 1000));
  parameters.set("detail", new Token("stale-if-error"));
  return serializeList([[identifier(name), parameters]]);
}
