import type { Exchange } from "../exchange/exchange.ts";

/**
 * Adds who asks, as the socket tells it: X-Forwarded-For, -Proto and -Host, and X-Real-IP. What the peer itself says is
 * believed of trusted proxies alone: there the address is appended, the rest kept. Forwarded (RFC 7239) goes on where a
 * trusted proxy speaks it; from others it is dropped, and of our own accord we say the same once only.
 */
export function pushForwarding(out: string[], exchange: Exchange): void {
  const { inbound } = exchange;
  const { remoteAddress, authority, isSecure } = inbound;
  const scheme = isSecure ? "https" : "http";
  if (!inbound.isTrusted) {
    out.push("x-forwarded-for", remoteAddress, "x-forwarded-proto", scheme);
    if (authority !== "") out.push("x-forwarded-host", authority);
    out.push("x-real-ip", remoteAddress);
    return;
  }
  const { fields } = inbound;
  out.push("x-forwarded-for", joined(fields.get("x-forwarded-for"), remoteAddress));
  out.push("x-forwarded-proto", fields.get("x-forwarded-proto") ?? scheme);
  const host = fields.get("x-forwarded-host") ?? authority;
  if (host !== "") out.push("x-forwarded-host", host);
  out.push("x-real-ip", fields.get("x-real-ip") ?? remoteAddress);
  const forwarded = fields.get("forwarded");
  if (forwarded !== undefined) out.push("forwarded", joined(forwarded, forwardedElement(remoteAddress, scheme)));
}

/** RFC 7239 §4, §6: an IPv6 address is quoted, in brackets. */
function forwardedElement(address: string, scheme: string): string {
  const node = address.includes(":") ? `"[${address}]"` : address;
  return `for=${node};proto=${scheme}`;
}

/** A list-valued field with one more member. */
export function joined(before: string | undefined, ours: string): string {
  return before === undefined || before === "" ? ours : `${before}, ${ours}`;
}
