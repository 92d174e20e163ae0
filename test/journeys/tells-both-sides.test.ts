import assert from "node:assert/strict";
import { test } from "node:test";

import { valueOf, valuesOf } from "../support/http-message.ts";
import { lastProxyStatus } from "../support/problem-assert.ts";
import { Stage } from "../support/stage.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };

test("tells the upstream who asks, and believes no stranger's word for it", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  await stage.ask({
    host: "api.test:1234",
    fields: [
      ["X-Forwarded-For", "198.51.100.1"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "forged.test"],
      ["Forwarded", "for=198.51.100.1"],
      ["X-Real-IP", "198.51.100.1"],
      ["Via", "1.0 earlier"],
    ],
  });
  const { fields } = await upstream.request(1);
  assert.equal(valueOf(fields, "x-forwarded-for"), "127.0.0.1");
  assert.equal(valueOf(fields, "x-forwarded-proto"), "http");
  assert.equal(valueOf(fields, "x-forwarded-host"), "api.test:1234");
  assert.doesNotMatch(valuesOf(fields, "forwarded").join(), /198/);
  assert.doesNotMatch(valuesOf(fields, "x-real-ip").join(), /198/);
  assert.equal(valueOf(fields, "via"), "1.0 earlier, 1.1 gateway.test");
  assert.equal(valueOf(fields, "host"), `127.0.0.1:${upstream.port}`);
});

test("appends to what a trusted proxy says", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering(), { listen: { trustedProxies: ["127.0.0.0/8"] } });
  await stage.ask({
    fields: [
      ["X-Forwarded-For", "198.51.100.1"],
      ["X-Forwarded-Proto", "https"],
    ],
  });
  const { fields } = await upstream.request(1);
  assert.equal(valueOf(fields, "x-forwarded-for"), "198.51.100.1, 127.0.0.1");
  assert.equal(valueOf(fields, "x-forwarded-proto"), "https");
});

test("preserves the client's Host where it is told to", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering(), { upstream: { host: "preserve" } });
  await stage.ask({ host: "api.test:1234" });
  assert.equal(valueOf((await upstream.request(1)).fields, "host"), "api.test:1234");
});

test("keeps a sound X-Request-Id, makes a new one else, and says it to both sides", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const kept = await stage.ask({ fields: [["X-Request-Id", "order-7.a_b"]] });
  assert.equal(valueOf(kept.fields, "x-request-id"), "order-7.a_b");
  assert.equal(valueOf((await upstream.request(1)).fields, "x-request-id"), "order-7.a_b");
  const made = await stage.ask({ fields: [["X-Request-Id", "no spaces please"]] });
  const id = valueOf(made.fields, "x-request-id") ?? "";
  assert.match(id, /^[A-Za-z0-9._-]{8,128}$/);
  assert.equal(valueOf((await upstream.request(2)).fields, "x-request-id"), id);
});

test("continues a trace, or starts one", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const parent = `00-${traceId}-00f067aa0ba902b7-01`;
  const response = await stage.ask({
    fields: [
      ["traceparent", parent],
      ["tracestate", "vendor=1"],
    ],
  });
  const { fields } = await upstream.request(1);
  assert.match(valueOf(fields, "traceparent") ?? "", new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  assert.equal(valueOf(fields, "tracestate"), "vendor=1");
  const access = await stage.gateway.log.access(valueOf(response.fields, "x-request-id") ?? "");
  assert.equal(access["traceId"], traceId);
  await stage.ask();
  assert.match(
    valueOf((await upstream.request(2)).fields, "traceparent") ?? "",
    /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  );
});

test("keeps other proxies' Proxy-Status, drops a forged one of ours, and adds its own last", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering(
      responseBytes("502 Bad Gateway", "", [
        ["Proxy-Status", "inner;error=connection_refused"],
        ["Proxy-Status", "gateway.test;error=proxy_internal_error"],
        ["Via", "1.1 inner"],
      ]),
    ),
  );
  const response = await stage.ask();
  const said = valuesOf(response.fields, "proxy-status").join(", ");
  assert.match(said, /^inner;error=connection_refused, gateway\.test;/);
  assert.doesNotMatch(said, /proxy_internal_error/);
  assert.equal(lastProxyStatus(response, "gateway.test").get("received-status"), 502);
  assert.equal(valuesOf(response.fields, "via").join(", "), "1.1 inner, 1.1 gateway.test");
});

test("logs one access line per request, without the query's secrets", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering());
  const response = await stage.ask({
    method: "POST",
    target: "/pay?token=sw-secret",
    body: "12345",
    fields: [
      ["Authorization", "Bearer sw-secret"],
      ["Cookie", "s=sw-secret"],
    ],
  });
  const id = valueOf(response.fields, "x-request-id") ?? "";
  const access = await stage.gateway.log.access(id);
  const { route, upstream, method, status, source, bytesIn, bytesOut, attempts, path } = access;
  assert.deepEqual(
    { route, upstream, method, status, source, bytesIn, bytesOut, attempts, path },
    {
      route: "everything",
      upstream: "service",
      method: "POST",
      status: 200,
      source: "upstream",
      bytesIn: 5,
      bytesOut: 4,
      attempts: 1,
      path: "/pay",
    },
  );
  for (const key of ["durationMs", "queueMs", "connectMs", "firstByteMs"])
    assert.equal(typeof access[key], "number", key);
  assert.doesNotMatch(JSON.stringify(stage.gateway.log.lines), /sw-secret/);
});
