/** An upstream's answer: its head, and a body that flows once somebody takes it. */
export interface UpstreamAnswer {
  readonly status: number;
  /** End-to-end fields as name, value, name, value …; hop-by-hop ones are gone. */
  readonly headers: readonly string[];
  /** What the upstream said, where the answer was given another status. */
  readonly receivedStatus?: number;
  /** Member values of the upstream's own Proxy-Status field, joined; undefined for none. */
  readonly proxyStatus: string | undefined;
  /** Lets the body flow into `sink`, beginning with what arrived together with the head. Call once. */
  flow(sink: BodySink): void;
  /** Goes on after `sink.write` answered false. */
  resume(): void;
  /** Of an upstream that switched protocols: there is no body to flow. */
  readonly tunnel?: Tunnel;
}

/** A 1xx that came before the answer: its status, and its end-to-end fields as name, value, name, value … */
export interface InterimResponse {
  readonly status: number;
  readonly headers: readonly string[];
}

/** A connection that has switched protocols. */
export interface Tunnel {
  /**
   * Answers the client 101 (Switching Protocols) with these fields, and carries bytes both ways. Resolves when both
   * sides are closed; rejects where the upstream broke off.
   */
  open(fields: readonly string[]): Promise<void>;
}

/** Where an answer's body goes. `write` answers false to be called again only after `resume`. */
export interface BodySink {
  write(chunk: Buffer): boolean;
  end(lastChunk: Buffer | undefined): void;
  fail(cause: unknown): void;
}
