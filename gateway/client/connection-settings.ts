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
