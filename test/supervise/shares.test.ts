import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { workerCount, shareOf } from "../../gateway/supervise/shares.ts";
import { configOf } from "../config/load-text.ts";

const config = configOf(`
listen: { maxConnections: 100, maxBufferedBytes: 10MiB }
upstreams:
  service:
    targets: ["http://127.0.0.1:1"]
    concurrency: { limit: 10, queue: { depth: 5 } }
    websockets: { max: 3 }
routes:
  - { id: whole, path: /whole, upstream: service, rateLimit: { requests: 10, per: 1s, burst: 8, by: ip } }
  - { id: divided, path: /divided, upstream: service, rateLimit: { requests: 10, per: 1s, burst: 8, by: route } }
  - { id: none, path: /none, upstream: service }
`);

describe("a worker's share", () => {
  const share = shareOf(config, 4);

  test("of what bounds the load is its part, and never nothing", () => {
    const { concurrency, websockets, retryBudget } = share.upstreams["service"] ?? {};
    assert.equal(share.listen.maxConnections, 25);
    assert.equal(share.listen.maxBufferedBytes, 2.5 * 1024 * 1024);
    assert.equal(concurrency?.limit, 2);
    assert.equal(concurrency.queue.depth, 2);
    assert.equal(websockets?.max, 1);
    assert.equal(retryBudget?.minPerSecond, 0.75);
  });

  test("of a quota is a part where all clients have it together, and the whole where each has its own", () => {
    const [whole, divided, none] = share.routes.map(({ rateLimit }) => rateLimit);
    assert.deepEqual([whole?.requests, whole?.per, whole?.burst], [10, 1000, 8]);
    assert.deepEqual([divided?.requests, divided?.per, divided?.burst], [10, 4000, 2]);
    assert.equal(none, undefined);
  });

  test("is the config itself where there is one", () => {
    assert.equal(shareOf(config, 1), config);
  });
});

test("as many processes as the file says, or one for each processor", () => {
  assert.equal(workerCount({ workers: 3 }), 3);
  assert.ok(workerCount({ workers: "auto" }) >= 1);
});
