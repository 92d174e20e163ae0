/** What the load driver is asked to do: load one proxy for one slice of time. */
export interface SliceOrder {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** The proxy's process; its CPU time and that of its descendants is counted. */
  readonly pid: number;
  /** One request, byte for byte, as Latin-1 text. */
  readonly request: string;
  readonly expected: ExpectedAnswer;
  /** Keep-alive connections; each has one request under way at a time. */
  readonly connections: number;
  readonly durationMs: number;
}

/** What an answer has to be. Anything else counts as an error. */
export interface ExpectedAnswer {
  readonly status: number;
  /** Length of the body in bytes; any where absent. */
  readonly bodyBytes?: number;
  /** Events in the body, which is chunked; none where absent. */
  readonly events?: number;
}

/** What one slice measured. */
export interface Slice {
  /** User and system time of the proxy's process tree, in microseconds. */
  readonly cpuMicroseconds: number;
  /** From the first request to the last answer. */
  readonly wallMs: number;
  /** Whole answers of the expected status. */
  readonly answers: number;
  /** Events received; 0 unless the answers are streams. */
  readonly events: number;
  /**
   * From the request's first byte to the answer's last, or of a stream from the service's write of an event to its
   * receipt. Absent where nothing was answered.
   */
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
  /** Requests answered otherwise than expected, broken off, or not answered in time. */
  readonly errors: number;
  /** What the first errors were. */
  readonly messages: readonly string[];
}
