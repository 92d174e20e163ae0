import { isIP, BlockList, isIPv6 } from "node:net";

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

/** Tells whether a peer may speak for others: `listen.trustedProxies`, compiled. */
export type TrustsPeer = (address: string) => boolean;

/** Compiles a list of addresses and CIDRs. */
export function compileTrustedProxies(cidrs: readonly string[]): TrustsPeer {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", prefix] = cidr.split("/", 2);
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
