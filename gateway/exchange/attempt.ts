/** Where an exchange or an attempt is; together with the attempt's facts it decides what a foreign error means. */
export type Phase = "accept" | "body" | "queue" | "dns" | "connect" | "tls" | "send" | "headers" | "relay";

/** What one attempt on one target did, kept as it happens and never guessed afterwards. */
export interface AttemptFacts {
  phase: Phase;
  /** A request byte was handed to the socket. */
  sent: boolean;
  /** The socket had served a request before. */
  reused: boolean;
  /** The request was sent whole. */
  complete: boolean;
  /** Bytes of the response received, head or body. */
  responseBytes: number;
  /** The upstream ended (FIN) or reset the connection first. */
  closedByUpstream: boolean;
  /** The next thing to happen is the client's: its request body is being streamed and has not come. */
  awaitsClient: boolean;
}

/** One attempt as the log, the metrics and the retry decision see it. Times in monotonic milliseconds. */
export interface Attempt extends AttemptFacts {
  readonly target: string;
  readonly startedAt: number;
  connectMs: number;
  firstByteMs: number;
  /** When the last byte of the request had left; undefined before that. */
  sentAt: number | undefined;
  /** Since when the upstream is awaited in the present phase, and how long it may be by its timer alone. */
  awaitedSince: number;
  timerMs: number;
  /** The answer's; 0 for none. */
  status: number;
  /** `success`, or the failure's code. Undefined while it runs. */
  outcome: string | undefined;
  /** Whether the request was sent again after it, and if not, why; undefined where nothing asked for that. */
  retry: RetryDecision | undefined;
  /** State of the target's breaker when the attempt was admitted. */
  readonly breaker: string;
  readonly admission: Admission;
}

/** What became of the wish to send a request again: granted, granted in silence, or what it failed on. */
export type RetryDecision =
  | "granted"
  | "stale_connection"
  /** A byte had left, and doing it twice might do harm. */
  | "already_sent"
  /** The body had been passed on as it came, and is gone. */
  | "body_streamed"
  | "attempts_spent"
  /** The pause, or the upstream's own Retry-After, would outlast the request's budget. */
  | "no_time"
  | "no_target"
  | "budget_spent"
  /** The answer that would have been given up for it did not end soon enough. */
  | "answer_too_long"
  | "cancelled";

/** A breaker's admission of one attempt. */
export interface Admission {
  /** The answer's head came, this many milliseconds after the last byte of the request. */
  headCame(awaitedMs: number): void;
  /** The answer's body came whole. */
  bodyEnded(): void;
  /** The answer's body broke off, and not by us or the client. */
  bodyBroke(): void;
}
