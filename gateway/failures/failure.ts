import type { FailureCode } from "./codes.ts";
import type { FailureRow, ProxyErrorType } from "./table.ts";

import { saysLater } from "./status.ts";
import { failureTable } from "./table.ts";

/** One finding of a validation: where (RFC 6901 fragment, or a parameter's name), which rule, in words. No values. */
export interface ValidationError {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly keyword: string;
  readonly detail: string;
}

export interface FailureOptions {
  /** The foreign error behind it: kept for the log, never shown to a client. */
  readonly cause?: unknown;
  /** Replaces the row's `detail`; sent to clients, so safe for strangers. */
  readonly detail?: string;
  readonly errors?: readonly ValidationError[];
  /** Extra response fields the status requires: Allow, Accept, Accept-Encoding … as [name, value] pairs. */
  readonly headers?: ReadonlyArray<readonly [string, string]>;
  /** The known wait in milliseconds; Retry-After is this rounded up, plus jitter. */
  readonly retryAfterMs?: number;
  /** Replaces the row's status where a route may choose it (400 or 422), or where it is the upstream's own. */
  readonly status?: number;
  /** What the upstream had answered, where this replaces its answer. */
  readonly receivedStatus?: number;
  /** Members of the upstream's Proxy-Status, where this replaces its answer. */
  readonly proxyStatus?: string | undefined;
  /** Replaces the row's RFC 9209 error type. */
  readonly proxyError?: ProxyErrorType;
  /** Further RFC 9209 parameters, such as rcode or alert-id. */
  readonly proxyParameters?: Readonly<Record<string, string | number>>;
  /** The request's framing is in doubt: answer with `Connection: close` whatever the row says. */
  readonly close?: boolean;
}

/** A failure with its one right name. Stages throw it; `respond/` answers it; the table decides everything else. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly row: FailureRow;
  readonly options: FailureOptions;
  #errorsText: string | undefined;

  constructor(code: FailureCode, options: FailureOptions = {}) {
    // Where we noticed tells nothing, and a stack costs as much as a refusal may. A bug's own place is another matter.
    const { stackTraceLimit } = Error;
    if (code !== "internal") Error.stackTraceLimit = 0;
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.row = failureTable[code];
    this.options = options;
  }

  /** `options.errors` as JSON in ASCII, made once: the client and the log get the same. Undefined where there are none. */
  get errorsText(): string | undefined {
    const { errors } = this.options;
    if (errors === undefined) return undefined;
    return (this.#errorsText ??= JSON.stringify(errors).replace(outsideAscii, escaped));
  }

  /** Every answer that says "later" says when (RFC 9110 §15.6.4, RFC 6585 §4). */
  get owesRetryAfter(): boolean {
    return saysLater(this.status);
  }

  /** The status sent to the client; null where none can be sent. */
  get status(): number | null {
    return this.options.status ?? this.row.status;
  }
}

const outsideAscii = /[\u0080-\uffff]/g;

/** A UTF-16 code unit as JSON escapes it (RFC 8259 §7). */
function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Which of the gateway's own timers ended a wait. */
export type TimerName =
  | "connect"
  | "continue"
  | "headers"
  | "write"
  | "idle"
  | "deadline"
  | "drain"
  | "queue"
  | "backoff"
  | "body"
  | "reader";

/** One of our own timers fired. Classified by its name and by whom the exchange awaited, never by message. */
export class TimerExpired extends Error {
  override readonly name = "TimerExpired";
  readonly timer: TimerName;

  constructor(timer: TimerName) {
    super(timer);
    this.timer = timer;
  }
}

/** A connection ended before the message on it was complete: with FIN, or by an error that its cause names. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  readonly by: "fin" | "error";

  constructor(by: "fin" | "error", cause?: unknown) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(by === "fin" ? "closed by FIN" : "closed by an error", cause === undefined ? undefined : { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.by = by;
  }
}

/**
 * A peer broke a rule of HTTP/1.1. `code` is the rule's name, which the log shows as the cause; the rules stand in
 * http1/rules.ts.
 */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: string;

  constructor(rule: string, text: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(text);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = rule;
  }
}
