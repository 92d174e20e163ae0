import assert from "node:assert/strict";

const pollMs = 5;

/**
 * Polls until what `look` sees `holds`, and resolves with the milliseconds that took. Throws after `limitMs`, with what
 * was seen last. In contrast to `until` it ends by itself, so that a test that fails still stops its processes.
 */
export async function within<Seen>(
  limitMs: number,
  look: () => Seen | Promise<Seen>,
  holds: (seen: Seen) => boolean,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    const seen = await look();
    const ms = performance.now() - began;
    if (holds(seen)) return Math.round(ms);
    if (ms > limitMs) assert.fail(`it does not hold after ${limitMs} ms: ${JSON.stringify(seen).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Resolves as `promise` does, or throws after `limitMs`, naming what was awaited. */
export async function inTime<Value>(limitMs: number, what: string, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new assert.AssertionError({ message: `no ${what} in ${limitMs} ms` })),
    limitMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
