import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { singleRoute } from "../support/config-file.ts";
import { refusedPort } from "../support/dead-ports.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";
import { drainUnderLoad } from "./drain-under-load.ts";
import { supervisorStatus, killUnderLoad, servedCount } from "./workers.ts";

async function askOnce(port: number): Promise<string> {
  using client = await connectClient(port);
  client.send(requestBytes());
  return (await client.response()).body.toString();
}

describe("two workers", () => {
  test("share a port, a log and an admin port, and divide the limits", async () => {
    await using upstream = await startUpstream(answering());
    await using gateway = await spawnGateway({
      ...singleRoute({ target: upstream.url, upstream: { concurrency: { limit: 10 } } }),
      workers: 2,
    });
    const { adminPort, port, log } = gateway;
    for (let n = 0; n < 10; n += 1) await askOnce(port);
    assert.equal(await servedCount(adminPort), 10);
    const { workers } = await supervisorStatus(adminPort);
    assert.deepEqual(
      workers.map(({ state, upstreams }) => [state, upstreams[0]?.limit]),
      [
        ["serving", 5],
        ["serving", 5],
      ],
    );
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    assert.match(metrics, /^statuswise_limit\{upstream="service"\} 10$/m);
    assert.match(metrics, /^statuswise_breaker_state\{[^}]+\} 0$/m);
    assert.equal((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status, 200);
    assert.equal(log.lines.filter(({ event }) => event === "listening").length, 1);
    await until(() => log.lines.filter(({ event }) => event === "request").length === 10);
    await fetch(`http://127.0.0.1:${adminPort}/log-level`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{"level":"error"}',
    });
    // Told in order: whoever answers the status has heard of the level.
    await supervisorStatus(adminPort);
    await askOnce(port);
    gateway.signal("SIGTERM");
    assert.equal(await gateway.exited, 0, gateway.errorText);
    assert.equal(log.lines.filter(({ event }) => event === "request").length, 10);
  });

  test("take over a new config in place, or are replaced one by one where it is another port", async () => {
    await using one = await startUpstream(answering(responseBytes("200 OK", "one")));
    await using other = await startUpstream(answering(responseBytes("200 OK", "other")));
    await using gateway = await spawnGateway({ ...singleRoute({ target: one.url }), workers: 2 });
    const { adminPort, log } = gateway;
    const pids = async () => (await supervisorStatus(adminPort)).workers.map(({ pid }) => pid);
    const before = await pids();
    gateway.rewrite({ ...singleRoute({ target: other.url }), workers: 2 });
    gateway.signal("SIGHUP");
    await log.line(({ event }) => event === "reload");
    await supervisorStatus(adminPort);
    assert.deepEqual([await askOnce(gateway.port), await askOnce(gateway.port)], ["other", "other"]);
    assert.deepEqual(await pids(), before);
    const port = await refusedPort();
    gateway.rewrite({ ...singleRoute({ target: one.url, listen: { port } }), workers: 2 });
    gateway.signal("SIGHUP");
    await log.line(({ event }) => event === "worker_roll");
    assert.deepEqual([await askOnce(port), await askOnce(port)], ["one", "one"]);
    await until(async () => (await pids()).length === 2);
    assert.ok((await pids()).every((pid) => !before.includes(pid)));
    const { lastReload, workersReplaced } = await supervisorStatus(adminPort);
    assert.deepEqual([lastReload?.outcome, workersReplaced], ["success", 0]);
    gateway.signal("SIGTERM");
    assert.equal(await gateway.exited, 0, gateway.errorText);
  });

  test("end with the right code where the port is taken", async () => {
    await using upstream = await startUpstream(answering());
    await assert.rejects(
      spawnGateway({ ...singleRoute({ target: upstream.url, listen: { port: upstream.port } }), workers: 2 }),
      /ended with 1: .*is in use/,
    );
  });

  test("lose no accepted request to SIGTERM", { timeout: 20_000 }, async () => {
    await drainUnderLoad({ ratePerSecond: 100, seconds: 5, workers: 2 });
  });

  test("lose to kill -9 only what one of them had in its hands, and are two again", async () => {
    await killUnderLoad({ ratePerSecond: 50, seconds: 0.5, withinMs: 10_000 });
  });
});
