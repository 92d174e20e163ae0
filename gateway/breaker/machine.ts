import CircuitBreaker from "opossum";

export interface WindowOptions {
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /** Verdicts in the window below which it never opens. */
  readonly minimumRequests: number;
}

/** An opossum breaker that is told verdicts: it wraps no call. */
export type Machine = CircuitBreaker<[boolean], void>;

// Each of these is on by default, and costs time for every verdict or decides something that is not opossum's to decide.
const bare = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false } as const;

/** A machine that is closed, and opens above `rate` of failures. */
export function closedMachine(rate: number, { windowMs, minimumRequests }: WindowOptions): Machine {
  return new CircuitBreaker(settle, {
    ...bare,
    rollingCountTimeout: windowMs,
    volumeThreshold: minimumRequests,
    // opossum opens above it; above 100 % there is nothing.
    errorThresholdPercentage: Math.min(rate * 100, 99.999),
  });
}

/** A machine that is half-open: one verdict closes or opens it. */
export function halfOpenMachine(): Machine {
  const options = { ...bare, state: { closed: false, halfOpen: true } };
  return new CircuitBreaker(settle, options);
}

/**
 * Tells a closed machine of a success, which moves nothing but its counts: by the events that firing one would emit, and
 * without the promises of a call.
 */
export function countSuccess(machine: Machine | undefined): void {
  machine?.emit("fire");
  machine?.emit("success");
}

/** Fires a verdict. The machine answers some microtasks later, by its events. */
export function tell(machine: Machine | undefined, isSuccess: boolean): void {
  // The promise only repeats what it was told.
  machine?.fire(isSuccess).catch(ignore);
}

async function settle(isSuccess: boolean): Promise<void> {
  if (!isSuccess) throw failed;
}

const failed = new Error("failed");

function ignore(): void {}
