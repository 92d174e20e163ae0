import assert from "node:assert/strict";
import { test } from "node:test";

import type { RecordedRequest } from "../support/http-message.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { refusedPort } from "../support/dead-ports.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, hanging, ok, responseBytes } from "../support/upstream-scripts.ts";

const timeout = 15_000;
const retry = { backoff: { base: "1ms", max: "5ms" } };

/** Resets the connections before `n`, answers on all others. */
function resettingUntil(n: number): UpstreamScript {
  return async (connection) => {
    if (connection.index >= n) return answering()(connection);
    await connection.readRequest();
    connection.reset();
  };
}

/** Answers the requests before `n`, over all connections, with these bytes. */
function sayingUntil(n: number, bytes: string): UpstreamScript {
  let seen = 0;
  return answering((_request: RecordedRequest) => (seen++ < n ? bytes : ok));
}

async function metric(stage: Stage, name: string): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(name));
}

test("a GET that was reset is served by another attempt, and the log and the metrics say so", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(resettingUntil(1), { route: { retry } });
  const response = await stage.ask();
  assert.equal(response.status, 200);
  assert.equal(upstream.requests.length, 2);
  const access = await stage.gateway.log.access(valueOf(response.fields, "x-request-id") ?? "");
  assert.deepEqual([access["attempts"], access["retries"]], [2, ["upstream_reset: granted"]]);
  assert.deepEqual(await metric(stage, "statuswise_retries_total"), [
    'statuswise_retries_total{upstream="service",decision="granted"} 1',
  ]);
});

test("a POST that was reset is told to the client, and sent once", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(resettingUntil(9), { route: { retry } });
  const { access, failure } = await stage.fails({ code: "upstream_reset" }, { method: "POST", body: "{}" });
  assert.equal(upstream.requests.length, 1);
  assert.deepEqual(access["retries"], ["upstream_reset: already_sent"]);
  assert.deepEqual((failure["attempts"] as { retry: string }[])[0]?.retry, "already_sent");
});

test("a POST whose target refuses is sent whole to another, though its body streams", { timeout }, async () => {
  await using stage = new Stage();
  const living = await stage.upstream(answering());
  await stage.start(
    singleRoute({
      target: `http://127.0.0.1:${await refusedPort()}`,
      targets: [living.url],
      upstream: { balance: "round-robin" },
      route: { retry },
    }),
  );
  for (let n = 0; n < 4; n += 1) {
    assert.equal((await stage.ask({ method: "POST", body: "0123456789" })).status, 200);
  }
  assert.deepEqual(
    living.requests.map(({ body }) => String(body)),
    Array(4).fill("0123456789"),
  );
});

test("a body in memory is sent again with an Idempotency-Key", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(resettingUntil(1), {
    schemas: { "any.json": {} },
    route: { retry: { ...retry, idempotencyKey: true }, request: { body: { schema: "any.json" } } },
  });
  const fields = [
    ["Content-Type", "application/json"],
    ["Idempotency-Key", '"8e03978e"'],
  ] as const;
  assert.equal((await stage.ask({ method: "POST", body: '{"a":1}', fields })).status, 200);
  assert.deepEqual(
    upstream.requests.map(({ body }) => String(body)),
    ['{"a":1}', '{"a":1}'],
  );
});

test("a 503 gives way to the next answer, and its connection is used again", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(sayingUntil(1, responseBytes("503 Service Unavailable", "x".repeat(50_000))), {
    route: { retry },
  });
  const response = await stage.ask();
  assert.deepEqual([response.status, String(response.body)], [200, "fine"]);
  assert.equal(upstream.requests.length, 2);
  assert.equal(upstream.connections.length, 1);
});

test("the last 503 is the answer when the attempts are spent", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(sayingUntil(9, responseBytes("503 Service Unavailable", "busy")), {
    route: { retry: { ...retry, attempts: 3 } },
  });
  const response = await stage.ask();
  assert.deepEqual([response.status, String(response.body)], [503, "busy"]);
  assert.match(valuesOf(response.fields, "proxy-status").join(), /received-status=503/);
  assert.equal(upstream.requests.length, 3);
});

test("a 503 too long to be kept is relayed whole", { timeout }, async () => {
  await using stage = new Stage();
  const body = "long ".repeat(100_000);
  const upstream = await stage.front(sayingUntil(9, responseBytes("503 Service Unavailable", body)), {
    route: { retry },
  });
  const response = await stage.ask();
  assert.equal(response.status, 503);
  assert.ok(String(response.body) === body);
  assert.equal(upstream.requests.length, 1);
  const access = await stage.gateway.log.access(valueOf(response.fields, "x-request-id") ?? "");
  assert.deepEqual(access["retries"], ["503: answer_too_long"]);
});

test(
  "the upstream's Retry-After is kept to, or its answer relayed where there is no time for it",
  { timeout },
  async () => {
    await using stage = new Stage();
    const later = responseBytes("503 Service Unavailable", "", [["Retry-After", "1"]]);
    const upstream = await stage.upstream(answering((_request, n) => (n % 2 === 0 ? later : ok)));
    const common = { path: "/patient", upstream: "service", retry };
    await stage.start({
      upstreams: { service: { targets: [upstream.url] } },
      routes: [
        { id: "patient", ...common },
        { id: "hasty", ...common, path: "/hasty", timeout: "500ms" },
      ],
    });
    const began = performance.now();
    assert.equal((await stage.ask({ target: "/patient" })).status, 200);
    assert.ok(performance.now() - began >= 990);
    const response = await stage.ask({ target: "/hasty" });
    assert.deepEqual([response.status, valueOf(response.fields, "retry-after")], [503, "1"]);
  },
);

test("a client that leaves during the pause frees the upstream at once", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(
    sayingUntil(9, responseBytes("503 Service Unavailable", "", [["Retry-After", "10"]])),
    {
      route: { retry },
    },
  );
  const client = await stage.client();
  client.send(requestBytes());
  await upstream.request(1);
  client.reset();
  const access = await stage.gateway.log.line((line) => line["event"] === "request");
  assert.equal(access["code"], "client_closed");
  await stage.gateway.settled();
  assert.equal(upstream.requests.length, 1);
});

test("a trusted client's deadline is kept to, and the upstream told what is left", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(hanging, {
    listen: { trustedProxies: ["127.0.0.1"], deadlineHeaders: ["request-timeout"] },
    upstream: { deadlineHeader: "grpc-timeout", breaker: { minimumRequests: 1 } },
  });
  const fields = [
    ["Request-Timeout", "0.3"],
    ["grpc-timeout", "9S"],
  ] as const;
  const began = performance.now();
  for (let n = 0; n < 3; n += 1) await stage.fails({ code: "deadline_exceeded" }, { fields });
  assert.ok(performance.now() - began < 5000);
  for (const request of upstream.requests) {
    const [told, ...others] = valuesOf(request.fields, "grpc-timeout");
    assert.deepEqual(others, []);
    const left = Number(/^(\d+)m$/.exec(told ?? "")?.[1]);
    assert.ok(left > 100 && left <= 300, `${told}`);
  }
  const [service] = await stage.gateway.upstreams();
  assert.equal(service?.targets[0]?.breaker, "closed", "a client in a hurry never moves the breaker");
});

test("each attempt tells the upstream what is left by then", { timeout }, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(resettingUntil(1), {
    upstream: { deadlineHeader: "x-envoy-expected-rq-timeout-ms" },
    route: { retry: { backoff: { base: "200ms", max: "200ms" } }, timeout: "5s" },
  });
  assert.equal((await stage.ask()).status, 200);
  const [first = 0, second = 0] = upstream.requests.map(({ fields }) =>
    Number(valueOf(fields, "x-envoy-expected-rq-timeout-ms")),
  );
  assert.ok(first <= 5000 && second > 4000 && second <= first, `${first}, then ${second}`);
});

test("a stranger's deadline is not believed", { timeout }, async () => {
  await using stage = new Stage();
  await stage.front(
    async (connection) => {
      await connection.readRequest();
      await new Promise((resolve) => setTimeout(resolve, 100));
      connection.write(ok);
    },
    { listen: { trustedProxies: ["192.0.2.1"], deadlineHeaders: ["request-timeout"] } },
  );
  assert.equal((await stage.ask({ fields: [["Request-Timeout", "0.01"]] })).status, 200);
});
