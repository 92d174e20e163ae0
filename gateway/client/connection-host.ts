import type { PipelinedRequests } from "./pipelined.ts";
import type { ClientRequest } from "./request.ts";
import type { ResponseBuffers } from "./response-buffers.ts";
import type { ConnectionWaits } from "./waits.ts";

/** Takes requests, and bytes that make none: those have a `failure`. Never throws. */
export interface RequestHandler {
  handle(request: ClientRequest): void;
}

/** What all client connections of a listener share. Read anew for each use: a reload changes the settings. */
export interface ConnectionHost {
  readonly handler: RequestHandler;
  readonly waits: ConnectionWaits;
  readonly pipelined: PipelinedRequests;
  readonly buffers: ResponseBuffers;
  readonly settings: ConnectionSettings;
  /** An exception that no request could be told of. */
  report(error: unknown): void;
}

/** What a configuration says of client connections. */
export interface ConnectionSettings {
  /** Bytes of a request head; and bytes behind a request that are read on while it is served. */
  readonly maxHeaderSize: number;
  readonly maxRequestsPerSocket: number;
  /** What a FIN before the response means: a client that has said all, or one that has left. */
  readonly halfClose: "serve" | "cancel";
  /** `Connection: keep-alive`, `Keep-Alive` and the empty line that ends a head. */
  readonly keepAliveTail: string;
}
