/**
 * gcra.ts once more, for Redis to run: one round trip, atomic, by the store's own clock, so that gateways whose clocks
 * differ share one quota. It takes the place of rate-limiter-flexible's fixed window, whose arguments it is given: the
 * requests to take, the key's time to live (not used: a key lives until it is paid off), and our `points` and
 * `duration`. It answers as that does: a number taken, refused where that is above `points`, and milliseconds to wait.
 * A TAT further ahead than any of this quota can be (the quota was changed, or a clock set back) counts as the furthest.
 */
export const gcraScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local burst = tonumber(ARGV[3])
local interval = ARGV[4] * 1000 / burst
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
tat = math.max(now, math.min(tat, now + burst * interval))
local wait = tat - (burst - 1) * interval - math.min(interval / 1000, 0.1) - now
if wait > 0 then return { burst + 1, math.ceil(wait) } end
tat = tat + interval
redis.call('SET', KEYS[1], string.format('%.17g', tat), 'PX', math.ceil(tat - now))
return { 1, 0 }
`;

/** What the script is told of a quota, in the library's words. */
export function scriptBurst(quota: { readonly requests: number; readonly per: number; readonly burst: number }) {
  const durationSeconds = (quota.burst * quota.per) / quota.requests / 1000;
  // The library runs another script than ours where this is below one.
  return { points: quota.burst, durationSeconds, ttlSeconds: Math.max(1, Math.ceil(durationSeconds)) };
}
