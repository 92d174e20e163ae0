/**
 * Draws lognormal times with this mean. The mean of exp(N(mu, sigma²)) is exp(mu + sigma²/2), so mu is less than
 * ln(mean): with ln(mean) as mu, a sigma of 0.5 would cost 12 % of the capacity.
 */
export function serviceTimes(meanMs: number, sigma: number, random: () => number): () => number {
  if (sigma === 0) return () => meanMs;
  const mu = Math.log(meanMs) - sigma ** 2 / 2;
  return () => Math.exp(mu + sigma * normal(random));
}

/** Box and Muller's transform, its second value thrown away. 1 − x keeps the logarithm from 0. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
