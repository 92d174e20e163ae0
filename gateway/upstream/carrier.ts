import type { Exchange, InterimResponse } from "../exchange.ts";
import type { Endpoint } from "./connect.ts";
import type { StatusLines } from "./status-lines.ts";

/** What the HTTP client lets a call do to the request it carries. */
export interface CallController {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** A call as its connection sees it. */
export interface Carried {
  /** The request's last byte has left. */
  flushed(): void;
  /** What came is no HTTP/1 response. */
  onForeignVersion(): void;
}

/** The connection that carries a call; at most one call at a time. */
export interface CallConnection {
  /** Requests it had carried before this one. */
  readonly served: number;
  /** Bytes received on it so far. */
  readonly bytesRead: number;
  /** Bytes written are waiting for the upstream to read. */
  readonly isBlocked: boolean;
  /** The upstream's FIN or an error of the socket has been seen. */
  readonly isClosedByUpstream: boolean;
  /** What its status lines said that the HTTP client does not tell. */
  readonly statusLines: Pick<StatusLines, "minorVersion" | "isContinue">;
  /** The connection ended by an error of the system's, not by FIN. */
  readonly isReset: boolean;
  /** A call's first byte is about to be written: what is read next is the answer to it. */
  begin(call: Carried): void;
  onceFlushed(call: Carried): void;
  /** The connection is to carry no further call. */
  retire(): void;
  /** The call is over: the connection is free again, or of no more use. */
  release(): void;
  /** The call is given up while the connection is still being made. */
  abandon(): void;
}

/** The waits of one call, in milliseconds. */
export interface CallTimeouts {
  readonly connect: number;
  readonly headers: number;
  readonly idle: number;
}

export interface TransportOptions {
  readonly endpoint: Endpoint;
  /** How long an idle connection is kept, in milliseconds; below the upstream's own, or it closes first. */
  readonly keepAliveMs: number;
}

/** What is sent: the method and target as received or rewritten, the fields of `requestHeaders`. */
export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: string[];
  /** Most bytes of a streamed body. */
  readonly maxBodyBytes: number;
  readonly timeouts: CallTimeouts;
  /** Hears of each interim response before the answer, 100 and 101 apart. */
  readonly interim: (response: InterimResponse, exchange: Exchange) => void;
  /** Not on an idle connection: the one before was stale, and so its neighbours may be. */
  readonly isFresh: boolean;
}
