/**
 * What the generator is asked to do: plain data, so that it can be handed to another process. Before the first phase it
 * opens the connections that the busiest one needs, and waits for them for up to 5 s.
 */
export interface LoadPlan {
  /** Of every random draw: the same seed makes the same arrivals. */
  readonly seed: number;
  /** Who is asked, a name or an address; default 127.0.0.1. */
  readonly host?: string;
  /** Of that host, asked in turn. */
  readonly ports: readonly number[];
  readonly classes: readonly RequestClass[];
  readonly phases: readonly LoadPhase[];
  /** How long answers may take, for the number of connections that stand before the load; default 100. */
  readonly answerMs?: number;
  readonly attackers?: readonly Attackers[];
}

export interface LoadPhase {
  readonly name: string;
  readonly seconds: number;
  readonly ratePerSecond: number;
  /** Default: poisson. */
  readonly spacing?: "poisson" | "constant";
}

export interface RequestClass {
  readonly name: string;
  /** Weight among the classes. */
  readonly share: number;
  /** Default: GET. */
  readonly method?: string;
  readonly path: string;
  readonly fields?: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body?: string;
  /** The client's own patience, in milliseconds from the intended start; then it destroys the connection. */
  readonly deadlineMs: number;
  /** Clients that leave on purpose: which share of them, and how many milliseconds after the intended start. */
  readonly leaves?: { readonly share: number; readonly afterMs: number };
  /** How a client behaves that got no good answer. Without it, it gives up. */
  readonly retry?: RetryBehaviour;
}

export interface RetryBehaviour {
  /** The first one included. */
  readonly attempts: number;
  /** 0 for at once. */
  readonly delayMs: number;
  readonly honoursRetryAfter: boolean;
}

/** Clients that mean no good: they hold their connections as long as they are let, and open no new ones. */
export interface Attackers {
  readonly kind: "slow-headers" | "slow-body" | "slow-reader";
  readonly connections: number;
  readonly path: string;
  /** The phase with whose beginning they come. */
  readonly phase: string;
  /** Bytes a second and connection, sent or read. */
  readonly bytesPerSecond: number;
  /** How many of them come a second. Default 5,000. */
  readonly comingPerSecond?: number;
}
