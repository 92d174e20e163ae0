/**
 * Wraps a callback of a socket: an exception goes to `fault` in place of ending the process. For events that a stranger
 * can cause.
 */
export function guarded<A extends readonly unknown[]>(
  step: (...args: A) => void,
  fault: (error: unknown) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      step(...args);
    } catch (error) {
      fault(error);
    }
  };
}
