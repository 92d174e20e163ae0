import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { UpstreamConfig } from "../../gateway/config/schema.ts";
import type { GatewayEvent } from "../../gateway/exchange/events.ts";

import { loadConfig } from "../../gateway/config/load.ts";
import { Upstream } from "../../gateway/pipeline/upstream.ts";
import { ConfigFile } from "../support/config-file.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";

const exchange = exchangeUnderTest();

/** An upstream of this config, with the product's defaults for the rest. */
function upstreamOf(block: Readonly<Record<string, unknown>>, random = () => 0) {
  using file = new ConfigFile({
    upstreams: { orders: block },
    routes: [{ id: "all", path: "/*", upstream: "orders" }],
  });
  const loaded = loadConfig(file.path, { environment: {}, hostName: "test" });
  assert.ok("config" in loaded, JSON.stringify(loaded));
  const events: GatewayEvent[] = [];
  const upstream = new Upstream({
    name: "orders",
    config: loaded.config.upstreams["orders"] as UpstreamConfig,
    clock: new FakeClock(),
    random,
    report: (event) => events.push(event),
    outgoing: () => assert.fail("nothing is sent here"),
  });
  return { upstream, events };
}

function picks(upstream: Upstream, times: number): string[] {
  return Array.from({ length: times }, () => upstream.pick(() => true, exchange)?.label ?? "none");
}

const two = ["http://10.0.0.1:9001", "http://10.0.0.2:9001"];

describe("an upstream in service", () => {
  test("names its targets host:port, with the scheme's port where none is given, and IPv6 in brackets", () => {
    const targets = ["http://api.internal", "https://api.internal", "http://[2001:db8::1]:9001", "http://10.0.0.1:80"];
    const { upstream } = upstreamOf({ targets });
    assert.deepEqual(
      upstream.targets.map((target) => target.label),
      ["api.internal:80", "api.internal:443", "[2001:db8::1]:9001", "10.0.0.1:80"],
    );
    upstream.close();
  });

  test("balances as configured", () => {
    const roundRobin = upstreamOf({ targets: two, balance: "round-robin" }).upstream;
    assert.deepEqual(picks(roundRobin, 4), ["10.0.0.1:9001", "10.0.0.2:9001", "10.0.0.1:9001", "10.0.0.2:9001"]);
    const random = upstreamOf({ targets: two, balance: "random" }, () => 0.75).upstream;
    assert.deepEqual(picks(random, 2), ["10.0.0.2:9001", "10.0.0.2:9001"]);
    const leastRequest = upstreamOf({ targets: two }, () => 0.25).upstream;
    assert.deepEqual(picks(leastRequest, 2), ["10.0.0.1:9001", "10.0.0.1:9001"]);
    for (const upstream of [roundRobin, random, leastRequest]) upstream.close();
  });

  test("has one breaker for each target, and reports its changes under the target's name", async () => {
    const { upstream, events } = upstreamOf({ targets: two, breaker: { minimumRequests: 1 } });
    const [broken, sound] = upstream.targets;
    const admission = broken?.breaker.enter();
    assert.ok(broken !== undefined && admission !== undefined);
    broken.breaker.leave(admission, "failure");
    for (let i = 0; i < 10; i++) await Promise.resolve();
    assert.deepEqual([broken.breaker.state, sound?.breaker.state], ["open", "closed"]);
    const [event] = events;
    assert.ok(event?.event === "breaker");
    assert.deepEqual(
      [event.upstream, event.target, event.from, event.to],
      ["orders", "10.0.0.1:9001", "closed", "open"],
    );
    assert.deepEqual(picks(upstream, 1), ["10.0.0.1:9001"], "the pool goes by who asks");
    assert.equal(upstream.pick((target) => target.breaker.isAdmitting, exchange)?.label, "10.0.0.2:9001");
    upstream.close();
  });

  test("shows itself to whoever watches", () => {
    const { upstream } = upstreamOf({ targets: two, concurrency: { limit: 7 } });
    const { upstream: name, inFlight, queued, limit, targets } = upstream.view();
    assert.deepEqual([name, inFlight, queued, limit], ["orders", 0, 0, 7]);
    assert.deepEqual(
      targets.map(({ target, breaker, connections }) => [target, breaker, connections.busy, connections.idle]),
      [
        ["10.0.0.1:9001", "closed", 0, 0],
        ["10.0.0.2:9001", "closed", 0, 0],
      ],
    );
    upstream.close();
  });
});
