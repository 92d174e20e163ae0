import { isIP } from "node:net";

import type { TrustsPeer } from "./trusted-proxies.ts";

/**
 * The client's own address: the peer's, or where the peer is a trusted proxy, the nearest address in X-Forwarded-For
 * that is none. Read from the right: each proxy appends whom it saw, so what stands left of the first stranger is the
 * stranger's own claim. An entry that is no address ends the walk at the proxy that wrote it.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trustsPeer: TrustsPeer): string {
  if (forwardedFor === undefined) return peer;
  let client = peer;
  let end = forwardedFor.length;
  while (end > 0 && trustsPeer(client)) {
    const comma = forwardedFor.lastIndexOf(",", end - 1);
    const entry = addressOf(forwardedFor.slice(comma + 1, end).trim());
    if (entry === undefined) break;
    client = entry;
    end = comma;
  }
  return client;
}

/** IPv4 addresses are told as such also where the socket is a dual-stack one. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** An entry as proxies write it: an address, with a port at some, IPv6 then in brackets. */
function addressOf(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(entry);
  const address = (bare?.[1] ?? bare?.[2] ?? entry).toLowerCase();
  return isIP(address) === 0 ? undefined : plainAddress(address);
}
