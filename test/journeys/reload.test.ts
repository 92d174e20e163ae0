import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { singleRoute } from "../support/config-file.ts";
import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";
import { reloadUnderLoad } from "./reload.ts";

/** Fits the routes' default timeout, so that nothing is to be said of it. */
const listen = { drain: { grace: "0s", deadline: "20s" } };

const saying = (word: string) => answering(responseBytes("200 OK", word));

async function metric(adminPort: number, line: string): Promise<boolean> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return text.split("\n").includes(line);
}

describe("a reload", () => {
  test("serves the next request by the new config, and says so", async () => {
    await using stage = new Stage();
    const one = await stage.upstream(saying("one"));
    const other = await stage.upstream(saying("other"));
    const gateway = await stage.start(singleRoute({ target: one.url, listen }));
    using client = await stage.client();
    client.send(requestBytes());
    assert.equal((await client.response()).body.toString(), "one");
    gateway.reload(singleRoute({ target: other.url, listen }));
    client.send(requestBytes());
    assert.equal((await client.response()).body.toString(), "other");
    const { lastReload } = await readStatus(gateway.adminPort);
    assert.equal(lastReload?.outcome, "success");
    assert.deepEqual(lastReload.findings, []);
    const line = await gateway.log.line(({ event }) => event === "reload");
    assert.equal(line["outcome"], "success");
    assert.ok(await metric(gateway.adminPort, 'statuswise_config_reload_total{outcome="success"} 1'));
  });

  test("keeps the connections and the permits of an upstream that has not changed", async () => {
    await using stage = new Stage();
    const same = await stage.upstream(saying("same"));
    const one = await stage.upstream(saying("one"));
    const other = await stage.upstream(saying("other"));
    const shape = (target: string) => ({
      upstreams: { same: { targets: [same.url] }, changing: { targets: [target], timeouts: { keepAlive: "10m" } } },
      routes: [
        { id: "same", path: "/same", upstream: "same" },
        { id: "changing", path: "/*", upstream: "changing" },
      ],
    });
    const gateway = await stage.start(shape(one.url));
    await stage.ask({ target: "/same" });
    await stage.ask({ target: "/" });
    gateway.reload(shape(other.url));
    await stage.ask({ target: "/same" });
    await stage.ask({ target: "/" });
    assert.equal(same.connections.length, 1, "the pool is the same");
    assert.equal(other.connections.length, 1);
    await until(() => one.openConnections === 0);
    assert.equal(same.openConnections, 1);
  });

  test("lets a request that is under way end with the config that it began with", async () => {
    await using stage = new Stage();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const one = await stage.upstream(async (connection) => {
      await connection.readRequest();
      await released;
      connection.write(responseBytes("200 OK", "one"));
    });
    const other = await stage.upstream(saying("other"));
    const gateway = await stage.start(singleRoute({ target: one.url }));
    const slow = stage.ask();
    await one.request(1);
    gateway.reload(singleRoute({ target: other.url }));
    assert.equal((await stage.ask()).body.toString(), "other");
    release();
    assert.equal((await slow).body.toString(), "one");
    await until(() => one.openConnections === 0);
  });

  test("keeps an open breaker open, where its upstream has not changed", async () => {
    await using stage = new Stage();
    const upstream = { breaker: { minimumRequests: 1, errorRate: "10%", open: "60s" } };
    await stage.upstream(saying("unused"));
    const failing = await stage.upstream(answering(responseBytes("503 Service Unavailable")));
    const gateway = await stage.start(singleRoute({ target: failing.url, upstream }));
    await stage.ask();
    await until(async () => (await gateway.upstreams())[0]?.targets[0]?.breaker === "open");
    gateway.reload(singleRoute({ target: failing.url, upstream, route: { timeout: "9s" } }));
    await stage.fails({ code: "circuit_open" });
    assert.equal(failing.requests.length, 1);
  });

  test("gives nobody a fresh burst, where the rate limit has not changed", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const shape = (requests: number, timeout: string) =>
      singleRoute({ target: upstream.url, route: { timeout, rateLimit: { requests, per: "1h", burst: 1 } } });
    const gateway = await stage.start(shape(1, "9s"));
    assert.equal((await stage.ask()).status, 200);
    gateway.reload(shape(1, "8s"));
    await stage.fails({ code: "rate_limited" });
    gateway.reload(shape(2, "8s"));
    assert.equal((await stage.ask()).status, 200);
  });

  test("applies the listener's limits in place", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const gateway = await stage.start(singleRoute({ target: upstream.url }));
    const parts = { fields: [["X-Long", "x".repeat(3000)]] } as const;
    assert.equal((await stage.ask(parts)).status, 200);
    gateway.reload(singleRoute({ target: upstream.url, listen: { maxHeaderSize: "2KiB", maxTargetLength: "1KiB" } }));
    await stage.fails({ code: "headers_too_large" }, parts);
    gateway.reload(singleRoute({ target: upstream.url, listen: { maxConnections: 1 } }));
    using first = await connectClient(gateway.port);
    first.send(requestBytes());
    assert.equal((await first.response()).status, 200);
    using second = await connectClient(gateway.port);
    await first.ended;
    second.send(requestBytes());
    assert.equal((await second.response()).status, 200);
    assert.ok((await readStatus(gateway.adminPort)).connections.reclaimed >= 1);
  });

  test("keeps what cannot move without a restart, and warns", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const gateway = await stage.start(singleRoute({ target: upstream.url }));
    gateway.reload({ ...singleRoute({ target: upstream.url, listen: { ...listen, port: 1 } }), admin: { port: 2 } });
    assert.equal((await stage.ask()).status, 200);
    const { lastReload } = await readStatus(gateway.adminPort);
    assert.equal(lastReload?.outcome, "success");
    assert.deepEqual(
      lastReload.findings.map(({ path }) => path),
      ["listen.port", "admin.port"],
    );
    assert.ok(lastReload.findings.every(({ line, message }) => line > 1 && message.includes("takes a restart")));
  });

  test("refuses a bad file with all its findings, and the last good one goes on", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const gateway = await stage.start(singleRoute({ target: upstream.url }));
    gateway.reload(singleRoute({ target: "ftp://nowhere", route: { timout: "1s" } }));
    assert.equal((await stage.ask()).status, 200);
    const { lastReload } = await readStatus(gateway.adminPort);
    assert.equal(lastReload?.outcome, "failure");
    assert.equal(lastReload.findings.length, 2);
    const told = gateway.log.lines.filter(({ event }) => event === "reload_finding");
    assert.deepEqual(
      told.map(({ level, key }) => [level, key]),
      [
        ["error", "upstreams.service.targets[0]"],
        ["error", "routes[0].timout"],
      ],
    );
    assert.equal((await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`)).status, 200);
    assert.ok(await metric(gateway.adminPort, 'statuswise_config_reload_total{outcome="failure"} 1'));
    gateway.reloadText("routes: [");
    assert.equal((await readStatus(gateway.adminPort)).lastReload?.outcome, "failure");
    assert.equal((await stage.ask()).status, 200);
  });

  test("refuses a schema that does not compile", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const route = { request: { body: { schema: "body.json" } } };
    const gateway = await stage.start(singleRoute({ target: upstream.url }));
    gateway.reload(singleRoute({ target: upstream.url, route, schemas: { "body.json": { type: "nonsense" } } }));
    const { lastReload } = await readStatus(gateway.adminPort);
    assert.equal(lastReload?.outcome, "failure");
    assert.equal((await stage.ask()).status, 200);
  });

  test("tells of timeouts that do not fit each other, as a start does", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(saying("fine"));
    const gateway = await stage.start(singleRoute({ target: upstream.url }));
    gateway.reload(singleRoute({ target: upstream.url, route: { timeout: "60s" } }));
    const line = await gateway.log.line(({ event }) => event === "alignment");
    assert.match(String(line["finding"]), /60s/);
    assert.equal((await readStatus(gateway.adminPort)).lastReload?.outcome, "success");
  });
});

test("start reloads at SIGHUP, and when the file changes", { timeout: 20_000 }, async () => {
  await using stage = new Stage();
  const one = await stage.upstream(saying("one"));
  const other = await stage.upstream(saying("other"));
  await using gateway = await spawnGateway(singleRoute({ target: one.url }));
  const ask = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${gateway.port}/`)).text();
  assert.equal(await ask(), "one");
  gateway.rewrite(singleRoute({ target: other.url }));
  await gateway.log.line(({ event }) => event === "reload");
  assert.equal(await ask(), "other");
  gateway.signal("SIGHUP");
  await until(() => gateway.log.lines.filter(({ event }) => event === "reload").length === 2);
  assert.equal(await ask(), "other");
  gateway.signal("SIGTERM");
  assert.equal(await gateway.exited, 0, gateway.errorText);
});

test("reloads under load, one in five of them broken, fail no request and leave nothing behind", async () => {
  await reloadUnderLoad({ reloads: 15, ratePerSecond: 100 });
});
