import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { SharedQuota } from "../../gateway/admit/shared-quota.ts";
import type { RateLimitConfig } from "../../gateway/config/schema.ts";

import { RateLimit } from "../../gateway/admit/rate-limit.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";

const standard: RateLimitConfig = {
  requests: 100,
  per: 60_000,
  burst: 2,
  by: "ip",
  maxClients: 100,
  shared: false,
  failMode: "open",
};

function limit(config: Partial<RateLimitConfig> = {}, shared?: SharedQuota) {
  const clock = new FakeClock();
  const limiter = new RateLimit({ config: { ...standard, ...config }, random: () => 0.5, shared });
  return { clock, admit: () => limiter.admit(exchangeUnderTest({ clock })) };
}

/** What `take` answers, in turn. */
function answering(...answers: ReturnType<SharedQuota["take"]>[]): SharedQuota & { readonly keys: string[] } {
  const keys: string[] = [];
  return { keys, take: (key) => (keys.push(key), answers.shift()) };
}

function refusalOf(admit: () => unknown): Failure {
  try {
    void admit();
  } catch (thrown) {
    assert.ok(thrown instanceof Failure);
    return thrown;
  }
  return assert.fail("was admitted");
}

describe("a route's rate limit", () => {
  test("refuses with the true wait, in the words of the draft", () => {
    const { clock, admit } = limit();
    void admit();
    void admit();
    const { code, options } = refusalOf(admit);
    assert.equal(code, "rate_limited");
    assert.ok(Math.abs((options.retryAfterMs ?? 0) - 600) < 1);
    assert.deepEqual(options.headers, [
      ["ratelimit-policy", '"ip";q=100;w=60'],
      ["ratelimit", '"ip";r=0;t=1'],
    ]);
    clock.advance(600);
    void admit();
  });

  test("names no window that is not of whole seconds, and the key it counts by", () => {
    const { admit } = limit({ per: 1500, burst: 1, by: "header:X-Api-Key" });
    void admit();
    assert.deepEqual(refusalOf(admit).options.headers?.[0], ["ratelimit-policy", '"header:x-api-key";q=100']);
  });

  test("waits for nobody where the quota is not shared", () => {
    assert.equal(limit().admit(), undefined);
  });

  test("a shared quota refuses with the store's wait", async () => {
    const { admit } = limit({ shared: true }, answering(Promise.resolve(4200), Promise.resolve(0)));
    await assert.rejects(
      async () => admit(),
      (thrown: Failure) => {
        assert.equal(thrown.options.retryAfterMs, 4200);
        return thrown.code === "rate_limited";
      },
    );
    await admit();
  });

  test("what this gateway refuses by itself never reaches the store", async () => {
    const store = answering(Promise.resolve(0), Promise.resolve(0));
    const { admit } = limit({ shared: true }, store);
    await admit();
    await admit();
    assert.equal(refusalOf(admit).code, "rate_limited");
    assert.equal(store.keys.length, 2);
  });

  test("without the store its own count holds, or nothing passes, as the route says", async () => {
    const open = limit({ shared: true }, answering());
    assert.equal(open.admit(), undefined);
    void open.admit();
    assert.equal(refusalOf(open.admit).code, "rate_limited");
    const closed = limit({ shared: true, failMode: "closed" }, answering(undefined, Promise.resolve(undefined)));
    assert.equal(refusalOf(closed.admit).code, "dependency_unavailable");
    await assert.rejects(async () => closed.admit(), { code: "dependency_unavailable" });
  });

  test("a header's value does not leave the gateway", () => {
    const store = answering();
    const limiter = new RateLimit({
      config: { ...standard, by: "header:authorization", shared: true },
      random: () => 0.5,
      shared: store,
    });
    void limiter.admit(exchangeUnderTest({ fields: [["authorization", "Bearer secret"]] }));
    assert.match(store.keys[0] ?? "", /^[0-9a-f]{64}$/);
  });
});
