/**
 * The most that a process bound by its CPU can serve of what it could serve if nothing more came, at `load` times its
 * capacity: each further request costs it the refusal, which is `shedCost` of what serving costs. From
 * `served + shedCost · (load − served) = 1`.
 */
export function boundOfGoodput(load: number, shedCost: number): number {
  if (load <= 1) return load;
  return Math.max(0, (1 - load * shedCost) / (1 - shedCost));
}
