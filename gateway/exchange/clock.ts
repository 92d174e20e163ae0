/** Time as the stages see it: monotonic milliseconds, and timers. Passed in, so that tests own it. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  now(): number;
  /** Calls `fire(argument)` once after `delayMs`. */
  setTimeout<T>(fire: (argument: T) => void, delayMs: number, argument: T): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

export type TimerHandle = ReturnType<typeof setTimeout>;

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (fire, delayMs, argument) => setTimeout(fire, delayMs, argument),
  clearTimeout: (handle) => clearTimeout(handle),
};
