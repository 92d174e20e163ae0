import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { UpstreamAnswer } from "../../gateway/exchange/exchange.ts";

import { StaleCache } from "../../gateway/respond/stale-cache.ts";
import { cacheStatus } from "../../gateway/respond/cache-status.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeAnswer } from "./fake-upstream-response.ts";

const hour = 3_600_000;

function setUp({ maxBytes = 1_048_576, staleMs = hour } = {}) {
  const clock = new FakeClock();
  const cache = new StaleCache({ maxBytes, staleMs, clock });
  const ask = (target: string, ...fields: ReadonlyArray<readonly [string, string]>) =>
    exchangeUnderTest({ clock, inbound: { target }, fields });
  const keep = (good: UpstreamAnswer, exchange = ask("/a"), body = Buffer.from("x")): boolean => {
    const place = cache.placeFor(good, exchange);
    if (place !== undefined) cache.put(place, { status: 200, headers: good.headers, body });
    return place !== undefined;
  };
  return { clock, cache, ask, keep };
}

function answer(...headers: string[]): UpstreamAnswer {
  return new FakeAnswer({ headers }, () => {});
}

describe("how long an answer may be served after an error", () => {
  const cases: ReadonlyArray<readonly [name: string, headers: readonly string[], seconds: number]> = [
    ["as long as the configuration says, where the answer says nothing", [], 3600],
    ["no longer than the configuration says", ["cache-control", "stale-if-error=86400"], 3600],
    ["no longer than the answer says", ["cache-control", "max-age=60, stale-if-error=30"], 90],
    ["only while fresh, where it must be revalidated then", ["cache-control", "max-age=60, must-revalidate"], 60],
    ["only while fresh, where it says so of shared caches", ["cache-control", "max-age=5, s-maxage=60"], 60],
    ["less what it was old when it came", ["cache-control", "max-age=60, must-revalidate", "age", "20"], 40],
    [
      "by Expires, where there is no max-age",
      [
        "date",
        "Fri, 20 Nov 2026 10:00:00 GMT",
        "expires",
        "Fri, 20 Nov 2026 10:01:00 GMT",
        "cache-control",
        "must-revalidate",
      ],
      60,
    ],
  ];
  for (const [name, headers, seconds] of cases) {
    test(name, () => {
      const { clock, cache, ask, keep } = setUp();
      assert.ok(keep(answer(...headers)));
      clock.advance(seconds * 1000);
      assert.ok(cache.find(ask("/a")) !== undefined, "at its last millisecond");
      clock.advance(1);
      assert.equal(cache.find(ask("/a")), undefined);
      assert.equal(cache.bytes, 0, "what is past its time is forgotten");
    });
  }

  test("none at all, where a directive does not parse that would allow it", () => {
    const { keep } = setUp();
    assert.equal(keep(answer("cache-control", "max-age=x, stale-if-error=later")), false);
  });
});

describe("what is kept", () => {
  test("only of a GET, though a HEAD is served from it", () => {
    const { clock, cache, keep } = setUp();
    const head = exchangeUnderTest({ clock, inbound: { target: "/a", method: "HEAD" } });
    assert.equal(keep(answer(), head), false);
    assert.ok(keep(answer()));
    assert.ok(cache.find(head) !== undefined);
  });

  test("of an answer that is said to be public, though the request had a cookie", () => {
    const { ask, keep } = setUp();
    assert.ok(keep(answer("cache-control", "public"), ask("/a", ["Cookie", "a=1"])));
  });

  test("of each host by itself", () => {
    const { clock, cache, keep } = setUp();
    keep(answer());
    const other = exchangeUnderTest({
      clock,
      inbound: { target: "/a", authority: "other.test" },
    });
    assert.equal(cache.find(other), undefined);
  });

  test("up to eight variants of one target, the oldest giving way", () => {
    const { cache, ask, keep } = setUp();
    const inLanguage = (n: number) => ask("/a", ["Accept-Language", `l${n}`]);
    for (let n = 0; n < 10; n++) keep(answer("vary", "accept-language"), inLanguage(n));
    const found = Array.from({ length: 10 }, (_, n) => cache.find(inLanguage(n)) !== undefined);
    assert.deepEqual(found, [false, false, ...Array<boolean>(8).fill(true)]);
  });

  test("what was used last outlives what was not", () => {
    const { cache, ask, keep } = setUp({ maxBytes: 10_000 });
    for (const target of ["/a", "/b", "/c", "/d"]) keep(answer(), ask(target), Buffer.alloc(1800));
    assert.ok(cache.find(ask("/a")) !== undefined);
    keep(answer(), ask("/e"), Buffer.alloc(1800));
    assert.ok(cache.find(ask("/a")) !== undefined);
    assert.equal(cache.find(ask("/b")), undefined);
  });

  test("never more than the memory given, whatever comes", () => {
    const step = fc.record({
      target: fc.constantFrom("/a", "/b", "/c", "/d", "/e"),
      language: fc.constantFrom("", "de", "en"),
      size: fc.nat({ max: 5000 }),
      advance: fc.constantFrom(0, 0, 1000, hour),
      finds: fc.boolean(),
    });
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, cache, ask, keep } = setUp({ maxBytes: 16_384 });
      for (const { target, language, size, advance, finds } of steps) {
        clock.advance(advance);
        const exchange = ask(target, ["Accept-Language", language]);
        if (finds) cache.find(exchange);
        else keep(answer("vary", "Accept-Language"), exchange, Buffer.alloc(size));
        assert.ok(cache.bytes >= 0 && cache.bytes <= 16_384, `${cache.bytes} bytes`);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe("Cache-Status", () => {
  const stale = { status: 200, headers: [], body: Buffer.alloc(0), ageMs: 5000, freshForMs: -1500 };

  test("is a hit where nobody was asked", () => {
    const said = cacheStatus("edge", { stale, wasForwarded: false, receivedStatus: undefined });
    assert.equal(said, "edge;hit;ttl=-2;detail=stale-if-error");
  });

  test("says why the request went forward, and what came of it", () => {
    const said = cacheStatus("edge 1", { stale, wasForwarded: true, receivedStatus: 500 });
    assert.equal(said, '"edge 1";fwd=stale;fwd-status=500;ttl=-2;detail=stale-if-error');
    const fresh = cacheStatus("edge", {
      stale: { ...stale, freshForMs: 2500 },
      wasForwarded: true,
      receivedStatus: undefined,
    });
    assert.equal(fresh, "edge;fwd=bypass;ttl=2;detail=stale-if-error");
  });
});
