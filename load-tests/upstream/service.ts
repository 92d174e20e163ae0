/** A simulated service: how it is made, how it is told to misbehave, and what it counts. */
export interface Service {
  /** Requests served at once; the rest wait in line, first come first served. */
  readonly slots: number;
  /** Service times are lognormal with this mean, in milliseconds: capacity = slots / mean. */
  readonly meanMs: number;
  /** Of the underlying normal distribution; default 0.5, 0 for a constant time. */
  readonly sigma?: number;
  /**
   * Whether it takes requests out of its line whose client has left; default true. Servers that look at a connection
   * only to write to it do not: they serve who is long gone, at the cost of those behind.
   */
  readonly noticesLeaving?: boolean;
  /** Bytes of an answer's body; default 300. */
  readonly bodyBytes?: number;
  /** Answers at once, at the least cost in CPU time: slots and times mean nothing, and it cannot be controlled. */
  readonly isBare?: boolean;
}

/** What may be changed while it runs. Absent members stay as they are. */
export interface Control {
  readonly slots?: number;
  /** Service times are multiplied by this: capacity falls. 1 at first. */
  readonly slowdown?: number;
  /** Added to each answer outside of the slots: capacity stays. 0 at first. */
  readonly addedMs?: number;
  readonly fault?: Fault;
  /** Of requests that meet the fault; 1 where not given. */
  readonly faultShare?: number;
}

/**
 * `refuse` closes the port (and whatever is connected) until another fault or none is set; `status` answers with it at
 * once; `reset` breaks the connection once the request is read; `black-hole` never answers; `half-body` breaks off in
 * the middle of the answer.
 */
export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "refuse" }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "reset" }
  | { readonly kind: "black-hole" }
  | { readonly kind: "half-body" };

/** Since the start. A difference of two of them tells of a time between. */
export interface Counters {
  readonly received: number;
  /** Arrivals by method. */
  readonly receivedByMethod: Readonly<Record<string, number>>;
  /** Answered as asked, by whoever was still there to hear it. */
  readonly served: number;
  /** Met a fault, or were there when the service began to refuse. */
  readonly faulted: number;
  /** Slots' time that was spent on requests whose client was gone when it ended, and slots' time in all. */
  readonly wastedMs: number;
  readonly workedMs: number;
  /** Requests whose connection went away before they were answered: in line, and in a slot. */
  readonly leftInLine: number;
  readonly leftInService: number;
  /** When each of the latest 10,000 that left had arrived and left, in milliseconds since arrival. */
  readonly leftAfterMs: readonly number[];
  /** Requests that are there now: in line, in slots, delayed after them or held by a black hole. */
  readonly concurrency: number;
  readonly peakConcurrency: number;
  readonly openConnections: number;
}
