import assert from "node:assert/strict";

import { singleRoute } from "../../support/config-file.ts";
import { refusedPort } from "../../support/dead-ports.ts";
import { readStatus } from "../../support/gateway-harness.ts";
import { valueOf } from "../../support/http-message.ts";
import { requestBytes } from "../../support/raw-client.ts";
import { answering, hanging, ok, responseBytes } from "../../support/upstream-scripts.ts";
import { until } from "../../support/until.ts";
import { journey } from "./journey.ts";

const oneAtATime = (queue: object) => ({ upstream: { concurrency: { limit: 1, queue } } });

const ill = responseBytes("500 Internal Server Error");

export const protectedUpstream = [
  journey("circuit_open", "a dead upstream is asked no more, and the wait is the true one", async (stage) => {
    const breaker = { minimumRequests: 3, open: "7s", maxOpen: "60s" };
    await stage.start(singleRoute({ target: `http://127.0.0.1:${await refusedPort()}`, upstream: { breaker } }));
    for (let n = 0; n < 3; n += 1) await stage.fails({ code: "upstream_refused" });
    const { response, access } = await stage.fails({ code: "circuit_open", retryAfterAtLeast: 7 });
    assert.equal(access["attempts"], 0);
    // 20 % of jitter at most, rounded up.
    assert.ok(Number(valueOf(response.fields, "retry-after")) <= 9);
    await stage.fails({ code: "circuit_open" }, { method: "HEAD" });
  }),
  journey(
    "no_healthy_upstream",
    "every target fails its health checks, whatever it answers to others",
    async (stage) => {
      const upstream = await stage.upstream(answering(({ target }) => (target === "/healthz" ? ill : ok)));
      const health = { interval: "100ms", timeout: "100ms", unhealthyAfter: 1, healthyAfter: 11 };
      await stage.start(singleRoute({ target: upstream.url, upstream: { health } }));
      await stage.gateway.log.line((line) => line["event"] === "health");
      const { access } = await stage.fails({ code: "no_healthy_upstream", retryAfterAtLeast: 1 });
      assert.equal(access["attempts"], 0);
      assert.deepEqual([...new Set(upstream.requests.map(({ target }) => target))], ["/healthz"]);
    },
  ),
  journey("concurrency_limited", "the only permit is taken and nobody may wait", async (stage) => {
    const upstream = await stage.front(hanging, oneAtATime({ depth: 0 }));
    const first = await stage.client();
    first.send(requestBytes());
    await upstream.request(1);
    await stage.fails({ code: "concurrency_limited", phase: "queue" });
    assert.equal(upstream.connections.length, 1);
  }),
  journey("concurrency_limited", "the queue is full too", async (stage) => {
    const upstream = await stage.front(hanging, oneAtATime({ depth: 1, wait: "60s" }));
    for (const _ of [1, 2]) (await stage.client()).send(requestBytes());
    await upstream.request(1);
    await until(async () => (await stage.gateway.load()).queued === 1);
    await stage.fails({ code: "concurrency_limited", phase: "queue" });
  }),
  journey("queue_timeout", "no permit within the wait", async (stage) => {
    const upstream = await stage.front(hanging, oneAtATime({ depth: 5, wait: "100ms" }));
    (await stage.client()).send(requestBytes());
    await upstream.request(1);
    const { access } = await stage.fails({ code: "queue_timeout", phase: "queue" });
    assert.ok(Number(access["queueMs"]) >= 95, `queueMs ${String(access["queueMs"])}`);
    assert.equal(upstream.connections.length, 1);
  }),
  journey("queue_timeout", "the route's whole budget ends in the queue", async (stage) => {
    const upstream = await stage.upstream(hanging);
    const service = { targets: [upstream.url], concurrency: { limit: 1, queue: { depth: 5, wait: "60s" } } };
    await stage.start({
      upstreams: { service },
      routes: [
        { id: "patient", path: "/patient", upstream: "service" },
        { id: "hasty", path: "/hasty", upstream: "service", timeout: "150ms" },
      ],
    });
    (await stage.client()).send(requestBytes({ target: "/patient" }));
    await upstream.request(1);
    await stage.fails({ code: "queue_timeout", phase: "queue" }, { target: "/hasty" });
  }),
  journey("overloaded", "no memory left for another body of an address that has its share", async (stage) => {
    await stage.front(answering(), {
      listen: { maxBufferedBytes: "1MiB" },
      schemas: { "any.json": { type: "object" } },
      route: { request: { body: { schema: "any.json", maxSize: "1MiB" } } },
    });
    const json = [["Content-Type", "application/json"]] as const;
    const body = JSON.stringify({ filler: "x".repeat(700_000) });
    const first = await stage.client();
    const bytes = requestBytes({ method: "POST", body, fields: [...json, ["Expect", "100-continue"]] });
    first.send(bytes.subarray(0, -body.length));
    assert.equal((await first.interimHead()).status, 100);
    assert.equal(
      (await stage.ask({ method: "POST", body, fields: json })).status,
      200,
      "an announcement holds nothing",
    );
    first.send(body.slice(0, -1));
    await until(async () => (await readStatus(stage.gateway.adminPort)).bufferedBodyBytes >= 600_000);
    await stage.fails({ code: "overloaded" }, { method: "POST", body, fields: json });
    first.send(body.slice(-1));
    assert.equal((await first.response()).status, 200, "who was first is served");
    assert.equal((await stage.ask({ method: "POST", body, fields: json })).status, 200);
  }),
  journey("maintenance", "declared on the route, with its Retry-After", async (stage) => {
    const upstream = await stage.front(answering(), { route: { maintenance: { retryAfter: "90s" } } });
    await stage.fails({ code: "maintenance", retryAfterAtLeast: 90 });
    await stage.fails({ code: "maintenance", retryAfterAtLeast: 90 }, { method: "POST", body: "{}" });
    assert.equal(upstream.connections.length, 0);
  }),
  journey("draining", "a request that arrives whole only after the grace period", async (stage) => {
    const upstream = await stage.front(hanging, {
      listen: { drain: { grace: "0s", deadline: "5s" } },
      route: { path: "/slow" },
    });
    // A request in flight keeps the gateway from ending before the late one is answered.
    const slow = await stage.client();
    slow.send(requestBytes({ target: "/slow" }));
    await upstream.request(1);
    const late = await stage.client();
    const bytes = requestBytes({ target: "/slow" });
    late.send(bytes.subarray(0, 20));
    // Connections are accepted in order: once a later one was answered, this one has been.
    assert.equal((await stage.ask({ target: "/elsewhere" })).status, 404);
    const drained = stage.gateway.drain();
    await until(() =>
      stage.ask().then(
        () => false,
        () => true,
      ),
    );
    late.send(bytes.subarray(20));
    await stage.assertFailed(await late.response(), { code: "draining" });
    assert.equal(await late.ended, "fin");
    slow.reset();
    assert.equal(await drained, 0);
  }),
];
