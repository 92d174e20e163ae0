/** Milliseconds to three decimals; null where they were never taken, as before a connection stood. */
export function roundedMs(milliseconds: number | undefined): number | null {
  if (milliseconds === undefined || !(milliseconds >= 0 && milliseconds <= Number.MAX_SAFE_INTEGER)) return null;
  return Math.round(milliseconds * 1000) / 1000;
}
