import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const authority = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i;

/** Whether a bind address, or the host of a Host field, is this machine's loopback. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? "ipv6" : "ipv4");
}

/**
 * Whether a Host field (RFC 9110 §7.2) names loopback; an HTTP/1.0 request may have none. A browser on this machine
 * that was lured to `evil.example`, whose address has since become 127.0.0.1, still says `evil.example` here: that
 * is how DNS rebinding reads and sets what only the operator may, and how it is told.
 */
export function hostIsLoopback(field: string | undefined): boolean {
  if (field === undefined) return true;
  const [, bracketed, plain] = authority.exec(field) ?? [];
  const host = bracketed ?? plain;
  return host !== undefined && isLoopback(host);
}
