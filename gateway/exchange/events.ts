/**
 * What the stages may tell the log and the metrics beside the exchange itself. Stages import these types only; the
 * gateway passes the implementation in.
 */
export type GatewayEvent =
  | ({ readonly event: "breaker"; readonly upstream: string; readonly target: string } & BreakerChange)
  | ({ readonly event: "health"; readonly upstream: string; readonly target: string } & HealthChange)
  /** The files of listen.tls changed: `success` and they are in force, or `failure` and the last good ones stay. */
  | { readonly event: "certificate"; readonly outcome: "success"; readonly file: string; readonly expires: string }
  | { readonly event: "certificate"; readonly outcome: "failure"; readonly file: string; readonly reason: string }
  /** A client's TLS handshake failed, by the error's code. */
  | { readonly event: "tls_handshake"; readonly reason: string }
  /** A client connection ended by an exception that no request could be told of: a bug of the gateway. */
  | { readonly event: "connection_error"; readonly error: unknown }
  /** The store of shared quotas was lost, or is back. */
  | { readonly event: "quota_store"; readonly state: "up" }
  | { readonly event: "quota_store"; readonly state: "down"; readonly reason: string }
  | ResponseSchemaEvent
  /** A new config was read: `success` and it is in force, or `failure` and the last good one stays. */
  | { readonly event: "reload"; readonly outcome: "success" | "failure"; readonly findings: number };

/** An answer that does not match its route's schema, or could not be checked. */
export type ResponseSchemaEvent = {
  readonly event: "response_schema";
  readonly route: string;
  readonly mode: "report" | "enforce";
  readonly requestId: string;
  readonly traceId: string;
  readonly target: string | null;
} & (
  | { readonly outcome: "violation"; readonly errors: readonly SchemaMismatch[] }
  | { readonly outcome: "unchecked"; readonly reason: UncheckedReason }
);

export type UncheckedReason = "too_large" | "content_coding" | "work" | "partial" | "busy" | "failed";

/** What a schema has against an answer: never a value of it. */
export interface SchemaMismatch {
  /** Into the body; RFC 6901, as a fragment. */
  readonly pointer: string;
  readonly keyword: string;
  readonly detail: string;
  /** Into the schema: of these there are only so many. */
  readonly schemaPointer: string;
}

export type BreakerState = "closed" | "open" | "half-open";

/** Why a breaker opens. */
export type OpenReason = "error_rate" | "slow_calls" | "no_success" | "trial_failed";

/** A breaker's change of state. Where it opens: for how long, and what was counted within which time. */
export interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: string;
  readonly openMs?: number;
  /** Failures, or slow answers where these were the reason, among the requests of the window. */
  readonly failures?: number;
  readonly requests?: number;
  readonly windowMs?: number;
}

/** A target's change of health, by what its last probe said and after how many in a row that said alike. */
export interface HealthChange {
  readonly to: "healthy" | "unhealthy";
  readonly reason: string;
  readonly probes: number;
}

/** Takes an event; never throws and never waits. */
export type Report = (event: GatewayEvent) => void;

/** What one target looks like to /status and /metrics, read when asked for. */
export interface TargetView {
  readonly target: string;
  /** By its probes; true where there are none. */
  readonly healthy: boolean;
  readonly breaker: BreakerState;
  /** Of the breaker's latest change of state. */
  readonly breakerReason: string;
  /** How often the breaker has opened. */
  readonly breakerOpens: Readonly<Record<OpenReason, number>>;
  /** Milliseconds until a trial is due; 0 where requests are admitted. */
  readonly retryAfterMs: number;
  readonly connections: { readonly busy: number; readonly idle: number };
}

/** What a limit that is found from latency goes by, in milliseconds; 0 while nothing is known. */
export interface KneeView {
  /** Median without a queue. */
  readonly baseMs: number;
  /** Median now. */
  readonly medianMs: number;
  readonly sloMs: number;
}

/** What one upstream looks like to /status and /metrics, read when asked for. */
export interface UpstreamView {
  readonly upstream: string;
  readonly inFlight: number;
  readonly queued: number;
  readonly queuedBy: Readonly<Record<"critical" | "normal" | "sheddable", number>>;
  readonly limit: number;
  readonly limitKind: "fixed" | "knee";
  readonly knee: KneeView | undefined;
  /** Tunnels and handshakes under way. */
  readonly webSockets: number;
  /** Exchanges that lost their permit to the queue, because their client was too slow. */
  readonly contendedCuts: number;
  readonly targets: readonly TargetView[];
}

/** The client connections, read when asked for. */
export interface ConnectionsView {
  readonly open: number;
  /** Closed as they came, over listen.maxConnections or an address's share. */
  readonly dropped: number;
  /** Idle ones that were closed for newcomers. */
  readonly reclaimed: number;
  /** Bytes of responses that clients have not taken. */
  readonly responseBytes: number;
  /** Of pipelined requests, beyond `listen.maxHeaderSize` of each connection. */
  readonly pipelinedBytes: number;
  /** Bytes of request bodies that are held. */
  readonly requestBytes: number;
}

/** How busy the process is, and what it makes of that, over about a second; read when asked for. */
export interface SheddingView {
  /** Share of the requests that it refuses, 0 … 1. */
  readonly pressure: number;
  /** Share of the time in which the event loop worked, 0 … 1. */
  readonly utilization: number;
  /** The longest turn of the loop, in milliseconds. */
  readonly loopDelayMs: number;
  /** Share of the heap's limit in use, 0 … 1. */
  readonly heapShare: number;
}
