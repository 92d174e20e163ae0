import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

import type { Inbound } from "../exchange.ts";
import type { TrustsPeer } from "./trusted-proxies.ts";

/**
 * Reads what the rooms need of a request's head. Never refuses anything: that is `conduct`'s, on the page, where a
 * refusal is answered like every other.
 */
export function readInbound(req: IncomingMessage, trustsPeer: TrustsPeer): Inbound {
  const { target, authority } = originForm(req.url ?? "", req.headers.host ?? "");
  const queryAt = target.indexOf("?");
  const remoteAddress = peerAddress(req);
  return {
    method: req.method ?? "",
    target,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: queryAt === -1 ? "" : target.slice(queryAt + 1),
    host: hostOf(authority),
    authority,
    remoteAddress,
    isSecure: (req.socket as Partial<TLSSocket>).encrypted === true,
    isTrusted: trustsPeer(remoteAddress),
  };
}

/** An absolute-form target's own authority wins over Host (RFC 9112 §3.2.2); both forms mean the same request. */
function originForm(url: string, host: string): { readonly target: string; readonly authority: string } {
  if (url.startsWith("/") || url === "*") return { target: url, authority: host };
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url);
  if (absolute === null) return { target: url, authority: host };
  const [, authority = "", rest = ""] = absolute;
  return { target: rest.startsWith("/") ? rest : `/${rest}`, authority };
}

/** IPv4 addresses are told as such also where the socket is a dual-stack one. */
function peerAddress(req: IncomingMessage): string {
  const address = req.socket.remoteAddress ?? "";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** Lower-case host without port and trailing dot. */
function hostOf(authority: string): string {
  const colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(":");
  const host = (colon === -1 ? authority : authority.slice(0, colon)).toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}
