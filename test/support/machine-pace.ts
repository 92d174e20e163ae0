/** What the known work takes on the machine that bounds of time are for: a core of 2021, not shared. Milliseconds. */
const knownWorkMs = 12;

const known = Array.from({ length: 20_000 }, (_, i) => ({ id: `item ${i}`, tags: ["a", "b"], [`only${i % 5}`]: i }));

/** Known work of this thread: objects are read member by member, as by validation. */
export function knownWork(): void {
  const copy = JSON.parse(JSON.stringify(known)) as typeof known;
  const members = copy.reduce(
    (sum, item) => sum + Object.keys(item).filter((key) => Object.hasOwn(item, key)).length,
    0,
  );
  if (members !== 3 * known.length) throw new Error(`${members} members`);
}

/** How many times as slow a machine is that takes `ms` for the known work; never less than 1. */
export function slownessOf(ms: number): number {
  return Math.max(1, ms / knownWorkMs);
}

/** By the clock, so that a processor which others use as well counts as a slower one: the median of five. */
export function slownessNow(): number {
  const taken = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    knownWork();
    return performance.now() - startedAt;
  });
  return slownessOf(taken.toSorted((a, b) => a - b)[2] ?? 0);
}
