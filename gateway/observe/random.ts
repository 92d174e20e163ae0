import { randomFillSync } from "node:crypto";

/** Where ids come from: `bytes` random bytes as lower-case hex. Passed in, so that tests own it. */
export interface RandomSource {
  hex(bytes: number): string;
}

const poolBytes = 4096;

/** The system's randomness by the pool: one call into the kernel serves some 170 requests. */
export function pooledRandom(): RandomSource {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return {
    hex(bytes) {
      if (used + bytes > poolBytes) {
        randomFillSync(pool);
        used = 0;
      }
      const hex = pool.toString("hex", used, used + bytes);
      used += bytes;
      return hex;
    },
  };
}
