import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { UpstreamScript } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { refusedPort } from "../support/dead-ports.ts";
import { valueOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { caFile } from "../support/tls-upstream.ts";
import { answering, hanging, ok, responseBytes } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

const health = { interval: "200ms", timeout: "200ms", unhealthyAfter: 2, healthyAfter: 2 };

/** Answers its probes with what is there at the time, and everybody else well. */
function probed(state: { answer: string }): UpstreamScript {
  return answering(({ target }) => (target === "/healthz" ? state.answer : ok));
}

const ill = responseBytes("503 Service Unavailable");

async function metric(port: number, line: string): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return (await response.text()).includes(`${line}\n`);
}

describe("health checks", { concurrency: true }, () => {
  test("take a target out and bring it back, and tell so", { timeout: 15_000 }, async () => {
    await using stage = new Stage();
    const state = { answer: ok };
    const [sick, sound] = [await stage.upstream(probed(state)), await stage.upstream(probed({ answer: ok }))];
    const gateway = await stage.start(
      singleRoute({
        target: sick.url,
        targets: [sound.url],
        upstream: { health, balance: "round-robin", slowStart: "0s" },
      }),
    );
    const gauge = (value: number): string =>
      `statuswise_target_healthy{upstream="service",target="127.0.0.1:${sick.port}"} ${value}`;
    const served = (): number => sick.requests.filter(({ target }) => target === "/").length;
    assert.ok(await metric(gateway.adminPort, gauge(1)));

    state.answer = ill;
    const lost = await gateway.log.line((line) => line["event"] === "health");
    assert.deepEqual(
      [lost["upstream"], lost["target"], lost["to"], lost["reason"], lost["probes"], lost["level"]],
      ["service", `127.0.0.1:${sick.port}`, "unhealthy", "status_503", 2, "warn"],
    );
    assert.ok(await metric(gateway.adminPort, gauge(0)));
    assert.deepEqual(
      (await gateway.upstreams())[0]?.targets.map(({ healthy }) => healthy),
      [false, true],
    );
    for (let n = 0; n < 6; n++) assert.equal((await stage.ask()).status, 200);
    assert.equal(served(), 0);

    state.answer = ok;
    await gateway.log.line((line) => line["event"] === "health" && line["to"] === "healthy");
    assert.ok(await metric(gateway.adminPort, gauge(1)));
    for (let n = 0; n < 6; n++) assert.equal((await stage.ask()).status, 200);
    assert.equal(served(), 3);
  });

  for (const [reason, script] of [
    ["timeout", hanging],
    [
      "timeout",
      async (connection) => {
        await connection.readRequest();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      },
    ],
    ["status_302", answering(responseBytes("302 Found", "", [["Location", "/login"]]))],
    ["status_line", answering("nonsense\r\n\r\n")],
  ] as const satisfies readonly (readonly [string, UpstreamScript])[]) {
    test(`fail where the answer is no 2xx that comes whole and in time: ${reason}`, { timeout: 15_000 }, async () => {
      await using stage = new Stage();
      await stage.front(script, { upstream: { health } });
      const lost = await stage.gateway.log.line((line) => line["event"] === "health");
      assert.equal(lost["reason"], reason);
    });
  }

  test("fail where nobody listens", { timeout: 15_000 }, async () => {
    await using stage = new Stage();
    await stage.start(singleRoute({ target: `http://127.0.0.1:${await refusedPort()}`, upstream: { health } }));
    const lost = await stage.gateway.log.line((line) => line["event"] === "health");
    assert.equal(lost["reason"], "ECONNREFUSED");
  });

  test(
    "speak TLS as requests do, on a connection of their own, with the target's Host",
    { timeout: 15_000 },
    async () => {
      await using stage = new Stage();
      const upstream = await stage.tlsUpstream("valid", answering());
      await stage.start(
        singleRoute({
          target: `https://localhost:${upstream.port}`,
          upstream: { health: { ...health, path: "/ready?deep=1" }, tls: { ca: caFile } },
        }),
      );
      const probe = await upstream.request(1);
      await upstream.request(2);
      assert.deepEqual(
        [probe.method, probe.target, valueOf(probe.fields, "host"), valueOf(probe.fields, "connection")],
        ["GET", "/ready?deep=1", `localhost:${upstream.port}`, "close"],
      );
      assert.equal(upstream.connections.length, 2);
      assert.equal((await stage.gateway.upstreams())[0]?.targets[0]?.healthy, true);
    },
  );

  test("need no permit, and leave no connection behind", { timeout: 15_000 }, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      async (connection) => {
        const { target } = await connection.readRequest();
        if (target === "/healthz") connection.write(ok);
      },
      { upstream: { health, concurrency: { limit: 1, queue: { depth: 0 } } } },
    );
    (await stage.client()).send(requestBytes({ target: "/slow" }));
    await until(() => upstream.requests.some(({ target }) => target === "/slow"));
    const before = upstream.requests.length;
    await upstream.request(before + 3);
    await until(() => upstream.openConnections <= 2);
    assert.equal((await stage.gateway.upstreams())[0]?.targets[0]?.connections.busy, 1);
    await stage.settle();
  });

  test("bring an open breaker's trial forward when they recover", { timeout: 15_000 }, async () => {
    await using stage = new Stage();
    const state = { answer: ok, others: ill };
    const upstream = await stage.front(
      answering(({ target }) => (target === "/healthz" ? state.answer : state.others)),
      {
        upstream: { health, breaker: { minimumRequests: 2, open: "60s", maxOpen: "60s", ramp: "0s" } },
      },
    );
    for (let n = 0; n < 2; n++) await stage.ask();
    await stage.gateway.log.line((line) => line["event"] === "breaker" && line["to"] === "open");
    state.answer = ill;
    await stage.gateway.log.line((line) => line["event"] === "health" && line["to"] === "unhealthy");
    Object.assign(state, { answer: ok, others: ok });
    const forward = await stage.gateway.log.line((line) => line["to"] === "half-open");
    assert.equal(forward["reason"], "probe_passed");
    assert.equal((await stage.ask()).status, 200);
    assert.ok(upstream.requests.length > 2);
  });
});
