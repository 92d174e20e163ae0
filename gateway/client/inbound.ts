import type { Inbound } from "../exchange/exchange.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Peer } from "./request.ts";
import type { TrustsPeer } from "./client-address.ts";

import { Known } from "../http1/fields.ts";
import { clientAddress } from "./client-address.ts";

/**
 * Reads what the stages need of a request's head. Never refuses anything: that is done by `checkRequest`, where a
 * refusal is answered like every other.
 */
export function readInbound(head: RequestHead, peer: Peer, trustsPeer: TrustsPeer): Inbound {
  const { method, minorVersion, fields } = head;
  const host = fields.has(Known.host) ? (fields.get("host") ?? "") : "";
  const isOrigin = head.target.startsWith("/");
  const { target, authority } = isOrigin ? { target: head.target, authority: host } : originForm(head, host);
  const queryAt = target.indexOf("?");
  const { remoteAddress, isSecure } = peer;
  const isTrusted = trustsPeer(remoteAddress);
  const isForwarded = isTrusted && fields.has(Known.xForwardedFor);
  return {
    method,
    minorVersion,
    fields,
    target,
    targetLength: head.target.length,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: queryAt === -1 ? "" : target.slice(queryAt + 1),
    host: hostOf(authority),
    authority,
    remoteAddress,
    clientAddress: isForwarded
      ? clientAddress(remoteAddress, fields.get("x-forwarded-for"), trustsPeer)
      : remoteAddress,
    isSecure,
    isTrusted,
  };
}

/** An absolute-form target's own authority wins over Host (RFC 9112 §3.2.2); both forms mean the same request. */
function originForm(
  { target, method }: RequestHead,
  host: string,
): { readonly target: string; readonly authority: string } {
  if (target === "*") return { target, authority: host };
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target);
  if (absolute === null) return { target, authority: host };
  const [, authority = "", rest = ""] = absolute;
  if (rest.startsWith("/")) return { target: rest, authority };
  // RFC 9112 §3.2.4: OPTIONS of a whole server, as one asks a proxy for it.
  return { target: rest === "" && method === "OPTIONS" ? "*" : `/${rest}`, authority };
}

/** Lower-case host without port and trailing dot. */
function hostOf(authority: string): string {
  const colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(":");
  const host = (colon === -1 ? authority : authority.slice(0, colon)).toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}
