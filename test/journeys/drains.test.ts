import assert from "node:assert/strict";
import { test } from "node:test";

import { singleRoute } from "../support/config-file.ts";
import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, hanging, ok } from "../support/upstream-scripts.ts";

const bounded = { timeout: 20_000 };

async function readiness(adminPort: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status;
}

test(
  "fails readiness at once and serves through the grace period, each answer the connection's last",
  bounded,
  async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { drain: { grace: "400ms", deadline: "5s" } } });
    const { gateway } = stage;
    assert.equal(await readiness(gateway.adminPort), 200);
    const kept = await stage.client();
    kept.send(requestBytes());
    assert.notEqual(valueOf((await kept.response()).fields, "connection"), "close");
    const drained = gateway.drain();
    assert.equal(await readiness(gateway.adminPort), 503);
    kept.send(requestBytes());
    const last = await kept.response();
    assert.deepEqual([last.status, valueOf(last.fields, "connection")], [200, "close"]);
    assert.equal(await kept.ended, "fin");
    assert.equal((await stage.ask()).status, 200);
    assert.equal(await drained, 0);
    await assert.rejects(stage.ask(), { code: "ECONNREFUSED" });
  },
);

test("lets what is in flight finish, and closes idle connections", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(
    async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target !== "/slow") connection.write(ok);
      }
    },
    { listen: { drain: { grace: "0s", deadline: "10s" }, responseBuffer: "16MiB" } },
  );
  const idle = await stage.client();
  idle.send(requestBytes());
  await idle.response();
  const slow = await stage.client();
  slow.send(requestBytes({ target: "/slow" }));
  await upstream.request(2);
  const drained = stage.gateway.drain();
  assert.equal(await idle.ended, "fin");
  upstream.connections[0]?.write(ok);
  const response = await slow.response();
  assert.deepEqual([response.status, response.body.toString()], [200, "fine"]);
  // Whether or not it was told so, its connection must not hold the process for the keep-alive time.
  assert.equal(await slow.ended, "fin");
  assert.equal(await drained, 0);
});

test("closes the connection of an answer that was half out when the drain began", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(
    async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    },
    { listen: { drain: { grace: "0s", deadline: "10s" }, responseBuffer: "16MiB" } },
  );
  const client = await stage.client();
  client.send(requestBytes());
  const head = await client.head();
  assert.equal((await client.bytes(4)).toString(), "half");
  const drained = stage.gateway.drain();
  await until(() =>
    stage.ask().then(
      () => false,
      () => true,
    ),
  );
  upstream.connections[0]?.write("half");
  assert.equal(head.status, 200);
  assert.equal((await client.bytes(4)).toString(), "half");
  assert.equal(await client.ended, "fin");
  assert.equal(await drained, 0);
});

test("waits for no connection that never asked anything", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering(), { listen: { drain: { grace: "0s", deadline: "3s" } } });
  const silent = await stage.client();
  assert.equal((await stage.ask()).status, 200);
  assert.equal(await stage.gateway.drain(), 0);
  assert.equal(await silent.ended, "fin");
});

test("ends at once at a second signal", bounded, async () => {
  await using upstream = await startUpstream(hanging);
  await using gateway = await spawnGateway(
    singleRoute({ target: upstream.url, listen: { drain: { grace: "60s", deadline: "120s" } } }),
  );
  gateway.signal("SIGTERM");
  await until(async () => (await readiness(gateway.adminPort)) === 503);
  gateway.signal("SIGINT");
  assert.equal(await gateway.exited, 1);
});

test("ends with 0 and a flushed log when nothing is in flight", bounded, async () => {
  await using upstream = await startUpstream(answering());
  await using gateway = await spawnGateway(singleRoute({ target: upstream.url }));
  using client = await connectClient(gateway.port);
  for (let n = 0; n < 50; n += 1) {
    client.send(requestBytes({ fields: [["X-Request-Id", `line-${n}`]] }));
    assert.equal((await client.response()).status, 200);
  }
  gateway.signal("SIGINT");
  assert.equal(await gateway.exited, 0, gateway.errorText);
  for (let n = 0; n < 50; n += 1) assert.equal(gateway.log.of("request", `line-${n}`).length, 1);
});

test("cuts no answer off that a slow reader is still taking", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        const length = Number(target.slice(1));
        connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
        if (!(await connection.writeAll(Buffer.alloc(length, "x")))) return;
      }
    },
    { listen: { drain: { grace: "0s", deadline: "10s" }, responseBuffer: "16MiB" } },
  );
  // More than the kernel holds for a client that does not read, and less than the gateway does beyond that.
  const length = 12 * 1024 * 1024;
  const clients = await Promise.all(Array.from({ length: 4 }, () => stage.client()));
  for (const client of clients) {
    client.stopReading();
    client.send(requestBytes({ target: `/${length}` }));
  }
  // The answers are written whole, and have not gone.
  await until(async () => {
    const { busy } = await stage.gateway.load();
    return busy === 0 && (await readStatus(stage.gateway.adminPort)).inFlight === clients.length;
  });
  const drained = stage.gateway.drain();
  await until(() =>
    stage.ask({ target: "/1" }).then(
      () => false,
      () => true,
    ),
  );
  for (const client of clients) {
    const head = await client.head();
    let received = 0;
    const { isComplete } = await client.drainBody(head, (bytes) => {
      received += bytes.length;
    });
    assert.deepEqual([isComplete, received], [true, length]);
    client.fin();
  }
  assert.equal(await drained, 0);
});
