import type { Clock } from "../exchange/clock.ts";
import type { Attempt, Exchange, InterimResponse } from "../exchange/exchange.ts";
import type { Endpoint } from "./connect.ts";

/** A call as its connection sees it, once its request is out. */
export interface Carried {
  /** The request's last byte has left. */
  flushed(): void;
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
  onceFlushed(call: Carried): void;
  /** The client of the call does not read, or reads again. */
  pause(): void;
  resume(): void;
  /** The last byte of the request has been handed to the socket. */
  requestSent(): void;
  /** Sends the body of a request whose head has said `Expect: 100-continue`. */
  sendBody(): void;
  /** The call has ended well: the connection is free again, or of no more use. */
  release(): void;
  /** The call is given up, and the connection with it. */
  abandon(): void;
}

export interface CallOptions {
  readonly exchange: Exchange;
  readonly attempt: Attempt;
  readonly connection: CallConnection;
  readonly request: Pick<OutgoingRequest, "timeouts" | "interim">;
}

/** The waits of one call, in milliseconds. */
export interface CallTimeouts {
  readonly connect: number;
  readonly headers: number;
  readonly idle: number;
}

export interface TransportOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
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
