import { BlockList, isIPv6 } from "node:net";

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
