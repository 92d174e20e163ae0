import type { Fields } from "../http1/fields.ts";

/** W3C Trace Context of this exchange: ids in lower-case hex, `spanId` is the gateway's own span. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
  /** tracestate as received, to be forwarded as it is. */
  readonly state: string | undefined;
}

/** The inbound request, read once and never changed. */
export interface Inbound {
  readonly method: string;
  /** HTTP/1.`minorVersion`. */
  readonly minorVersion: 0 | 1;
  /** The header section as received. */
  readonly fields: Fields;
  /** The request target in origin form as received, byte for byte: path and query. */
  readonly target: string;
  /** Of the target as received, in whatever form. */
  readonly targetLength: number;
  /** The target up to `?`, as received. */
  readonly path: string;
  /** The target after `?`, as received; empty where there is none. */
  readonly query: string;
  /** Lower-case host without port or trailing dot; empty where an HTTP/1.0 request names none. */
  readonly host: string;
  /** Host field as received, for `host: preserve` and X-Forwarded-Host. */
  readonly authority: string;
  readonly remoteAddress: string;
  /** The peer's address, or where that is a trusted proxy, the client's as X-Forwarded-For tells it. */
  readonly clientAddress: string;
  readonly isSecure: boolean;
  /** The peer is in listen.trustedProxies: its X-Forwarded-* are believed. */
  readonly isTrusted: boolean;
}

/**
 * The request body as the stages hand it on. `buffered` is complete, and `isChunked` where it is forwarded as it came,
 * without a length. Of a `stream` the first bytes are `begun`; whoever forwards it reads the rest from the request.
 */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "buffered"; readonly bytes: Buffer; readonly isChunked: boolean }
  | { readonly kind: "stream"; readonly length: number | null; readonly begun: Buffer };
