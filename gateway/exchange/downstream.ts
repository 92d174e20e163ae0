import type { Socket } from "node:net";

/** Takes a request body's bytes as they come, in the order in which the client sent them. */
export interface BodyConsumer {
  /** Never empty. Called synchronously from the connection's read. */
  data(chunk: Buffer): void;
  /** The body is complete; nothing follows. */
  end(): void;
}

/** The body of one request, as its client sends it. What nobody reads stays with the connection, which then stops. */
export interface RequestStream {
  /** Content-Length; null where the body is chunked; 0 where there is none. */
  readonly length: number | null;
  /** The body has been received whole, or there is none. */
  readonly isComplete: boolean;
  /** The client waits for 100 (Continue) before it sends the body (RFC 9110 §10.1.1). */
  readonly owesContinue: boolean;
  /** Sends 100 (Continue) where it is owed. */
  sendContinue(): void;
  /** Takes the body where all of it has arrived and none of it was read; undefined otherwise. */
  takeWhole(): Buffer | undefined;
  /** Lets the body flow into `consumer`, beginning with what has arrived. A second consumer replaces the first. */
  read(consumer: BodyConsumer): void;
  /** The consumer wants nothing for now; `resume` goes on. */
  pause(): void;
  resume(): void;
  /** The consumer hears nothing more. */
  stop(): void;
}

/** Waits for the client to take what was written. Exactly one of the two is called. */
export interface WriteObserver {
  /** The system has taken every byte written so far. */
  flushed(): void;
  /** The connection ended first. */
  gone(): void;
}

/**
 * Writes one response. The only way from an exchange to its client: HTTP/1.1 is one implementation (client/response.ts),
 * and a stream of HTTP/2 may be another.
 */
export interface ResponseWriter {
  /** The head's status; 0 before `begin`. */
  readonly status: number;
  /** `begin` was called: the response can no longer be another. */
  readonly isBegun: boolean;
  /** `end` was called and the system has taken every byte. */
  readonly isFinished: boolean;
  /** The connection has ended; what is written goes nowhere. */
  readonly isGone: boolean;
  /** Bytes written that the system has not taken yet. */
  readonly pendingBytes: number;
  /** Bytes of this connection that the system has taken so far. */
  readonly takenBytes: number;
  /**
   * Sets the head: status, and fields as name, value, name, value … The writer adds framing, Date and the connection's
   * own fields. `isLast`: the connection ends after this response.
   *
   * @throws FieldRefused where a field holds what no field may hold; nothing was written
   */
  begin(status: number, fields: readonly string[], isLast: boolean): void;
  /** Sends the head now, though no byte of the body has come. */
  flush(): void;
  /** Writes a piece of the body. False: write on only after `onceFlushed` has reported. */
  write(chunk: Buffer): boolean;
  /** Ends the response; a string is latin1. Whether what the client has not taken yet is little enough to be buffered. */
  end(lastChunk?: Buffer | string): boolean;
  /** Calls `observer` once; the latest observer is the only one. */
  onceFlushed(observer: WriteObserver): void;
  /** Sends an interim response (RFC 9110 §15.2); nothing where the client speaks HTTP/1.0 or the head is out. */
  interim(status: number, fields: readonly string[]): void;
  /** Ends the connection so that nobody takes the response for a complete one (RFC 9112 §8). */
  abort(): void;
}

/** A connection that is about to leave HTTP. From here on a FIN of the client means that it has left. */
export interface Takeover {
  readonly socket: Socket;
  /** The socket is the caller's now, paused and without listeners of ours. Returns what was read behind the request. */
  complete(): Buffer;
}
