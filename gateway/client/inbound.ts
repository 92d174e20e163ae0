import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

import type { Inbound } from "../exchange.ts";
import type { TrustsPeer } from "./trusted-proxies.ts";

import { clientAddress, plainAddress } from "./client-address.ts";

/**
 * Reads what the rooms need of a request's head. Never refuses anything: that is `conduct`'s, on the page, where a
 * refusal is answered like every other.
 */
export function readInbound(req: IncomingMessage, trustsPeer: TrustsPeer): Inbound {
  const { target, authority } = originForm(req);
  const queryAt = target.indexOf("?");
  const remoteAddress = plainAddress(req.socket.remoteAddress ?? "");
  const isTrusted = trustsPeer(remoteAddress);
  return {
    method: req.method ?? "",
    target,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: queryAt === -1 ? "" : target.slice(queryAt + 1),
    host: hostOf(authority),
    authority,
    remoteAddress,
    clientAddress: isTrusted ? clientAddress(remoteAddress, forwardedFor(req), trustsPeer) : remoteAddress,
    isSecure: (req.socket as Partial<TLSSocket>).encrypted === true,
    isTrusted,
  };
}

/** An absolute-form target's own authority wins over Host (RFC 9112 §3.2.2); both forms mean the same request. */
function originForm({ url = "", headers, method }: IncomingMessage): {
  readonly target: string;
  readonly authority: string;
} {
  const { host = "" } = headers;
  if (url.startsWith("/") || url === "*") return { target: url, authority: host };
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url);
  if (absolute === null) return { target: url, authority: host };
  const [, authority = "", rest = ""] = absolute;
  if (rest.startsWith("/")) return { target: rest, authority };
  // RFC 9112 §3.2.4: OPTIONS of a whole server, as one asks a proxy for it.
  return { target: rest === "" && method === "OPTIONS" ? "*" : `/${rest}`, authority };
}

/** Node joins several fields of this name with commas. */
function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const field = headers["x-forwarded-for"];
  return typeof field === "object" ? field.join(",") : field;
}

/** Lower-case host without port and trailing dot. */
function hostOf(authority: string): string {
  const colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(":");
  const host = (colon === -1 ? authority : authority.slice(0, colon)).toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}
