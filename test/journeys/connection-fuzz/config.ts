import type { ConfigShape } from "../../support/config-file.ts";

import { pairFiles } from "../../support/tls-upstream.ts";

/** Where the gateway under fuzz stands. */
export interface Front {
  readonly workers: number;
  readonly isSecure: boolean;
}

/** Over all workers. Enough for all bodies that can be under way at once, so that nobody is refused for it. */
export const bufferedMiB = 16;
/** Permits of the hostile upstream, over all workers. */
export const evilPermits = 120;

const anyObject = { type: "object" };
// What is bad here stays bad: an open breaker would hide the upstream's worst from the gateway.
const breaker = { minimumRequests: 1_000_000 };
const body = { schema: "any.json", maxSize: "16MiB" };

/** Waits are so short that scripts meet each of them; limits so low that they meet those, too. */
export function fuzzConfig(addresses: { readonly good: string; readonly evil: string }, front: Front): ConfigShape {
  const { workers, isSecure } = front;
  return {
    workers,
    listen: {
      // A handshake has as long as a head, and those of clients that behave are done on a busy machine.
      headersTimeout: isSecure ? "2s" : "1s",
      bodyGrace: "3s",
      keepAlive: "1500ms",
      writeIdle: "400ms",
      maxRequestsPerSocket: 20,
      maxBufferedBytes: `${bufferedMiB}MiB`,
      ...(isSecure ? { tls: pairFiles("valid") } : {}),
    },
    schemas: { "any.json": anyObject, "nothing.json": { type: "null" } },
    upstreams: {
      good: { targets: [addresses.good], concurrency: { limit: 2000 }, breaker, timeouts: { keepAlive: "300ms" } },
      evil: {
        targets: [addresses.evil],
        timeouts: { connect: "2s", headers: "500ms", idle: "500ms", keepAlive: "300ms" },
        breaker,
        concurrency: { limit: evilPermits, queue: { depth: 60, wait: "100ms" } },
        websockets: { max: 100, idle: "1s" },
        retryBudget: { minPerSecond: 1000 },
      },
    },
    routes: [
      { id: "good", path: "/g/*", upstream: "good", timeout: "10s" },
      { id: "good-checked", path: "/gv/*", upstream: "good", timeout: "10s", request: { body } },
      { id: "streamed", path: "/e/*", upstream: "evil", timeout: "2s" },
      {
        id: "checked",
        path: "/v/*",
        upstream: "evil",
        timeout: "2s",
        request: { body: { ...body, maxSize: "64KiB" } },
      },
      {
        id: "retried",
        path: "/r/*",
        upstream: "evil",
        timeout: "2s",
        retry: { attempts: 3, backoff: { base: "5ms" } },
      },
      { id: "reported", path: "/s/*", upstream: "evil", timeout: "2s", response: { schema: "any.json" } },
      { id: "tunnelled", path: "/ws/*", upstream: "evil", timeout: "2s", websocket: true },
      { id: "held", path: "/held", upstream: "evil", timeout: "10s", timeouts: { headers: "9s" } },
      { id: "paused", path: "/paused", upstream: "evil", maintenance: {} },
      { id: "few", path: "/few", upstream: "good", rateLimit: { requests: 5, per: "1s", burst: 5, by: "route" } },
    ],
  };
}
