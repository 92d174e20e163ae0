/** Upstreams that say nothing, clients that read nothing, and exchanges that take too long. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Stage as Journey } from "../support/stage.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, hanging, ok } from "../support/upstream-scripts.ts";

const bounded = { timeout: 30_000 };
const block = Buffer.alloc(65_536, "x");

/** An endless answer, as fast as it is taken. */
function pouring(head: string, frame: (block: Buffer) => Buffer = (it) => it): UpstreamScript {
  return async (connection) => {
    const { target } = await connection.readRequest();
    if (target !== "/pour") {
      connection.write(ok);
      return;
    }
    connection.write(head);
    while (await connection.writeAll(frame(block)));
  };
}

const chunks = pouring("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", (it) =>
  Buffer.concat([Buffer.from(`${it.length.toString(16)}\r\n`), it, Buffer.from("\r\n")]),
);

test("504 after the headers timer for an upstream that hangs, with the timer's own name", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(hanging, { upstream: { timeouts: { headers: "200ms" } } });
  const startedAt = performance.now();
  const { failure } = await stage.fails({ code: "upstream_headers_timeout", phase: "headers" });
  const ms = performance.now() - startedAt;
  assert.ok(ms >= 195 && ms < 1000, `${ms} ms`);
  assert.match(JSON.stringify(failure["cause"]), /TimerExpired/);
  assert.equal((await upstream.connection(1)).finishedBy, "gateway");
});

/** Asks for an endless answer, reads its head and nothing more; resolves with the log's line and the time it took. */
async function readNothing(stage: Journey, version: string, code: string) {
  const client = await stage.client();
  const startedAt = performance.now();
  client.send(requestBytes({ target: "/pour", version }));
  await client.head();
  client.stopReading();
  const access = await stage.gateway.log.line((line) => line["code"] === code && line["event"] === "request");
  return { access, ms: performance.now() - startedAt, client };
}

for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
  test(`an answer that a client does not read is broken off after listen.writeIdle: ${version}`, bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(chunks, {
      listen: { writeIdle: "400ms" },
      upstream: { timeouts: { idle: "100ms" } },
    });
    const { access, ms, client } = await readNothing(stage, version, "client_timeout");
    assert.ok(ms >= 400 && ms < 2400, `${ms} ms`);
    assert.deepEqual([access["status"], access["source"]], [200, "client"]);
    await (
      await upstream.connection(1)
    ).ended;
    await stage.gateway.settled();
    assert.equal((await stage.ask()).status, 200);
    client.reset();
  });
}

test("a whole answer that a client does not take is broken off too, the upstream long released", bounded, async () => {
  await using stage = new Stage();
  const body = Buffer.alloc(16 * 1024 * 1024, "x");
  await stage.front(
    async (connection) => {
      await connection.readRequest();
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      connection.write(body);
    },
    { listen: { writeIdle: "400ms" } },
  );
  const { access } = await readNothing(stage, "HTTP/1.1", "client_timeout");
  assert.equal(access["status"], 200);
  await stage.gateway.settled();
});

test("a client that reads slowly and steadily has its whole answer", bounded, async () => {
  await using stage = new Stage();
  const body = Buffer.alloc(24 * 1024 * 1024, "x");
  await stage.front(
    async (connection) => {
      await connection.readRequest();
      await connection.writeAll(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`));
      await connection.writeAll(body);
    },
    { listen: { writeIdle: "300ms" } },
  );
  const client = await stage.client();
  client.send(requestBytes());
  await client.head();
  const startedAt = performance.now();
  for (let left = body.length; left > 0; left -= 1024 * 1024) {
    await client.bytes(Math.min(left, 1024 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(performance.now() - startedAt > 900, "longer than any single wait");
});

test("a pipelined answer waits for the one before it as long as that one takes", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target === "/first") await new Promise((resolve) => setTimeout(resolve, 600));
        connection.write(ok);
      }
    },
    { listen: { writeIdle: "200ms" } },
  );
  const client = await stage.client();
  client.send(Buffer.concat([requestBytes({ target: "/first" }), requestBytes({ target: "/second" })]));
  assert.equal((await client.response()).status, 200);
  assert.equal((await client.response()).status, 200);
});

test("routes.*.maxDuration ends a stream that would go on, by whom it waits for", bounded, async () => {
  await using stage = new Stage();
  const drips: UpstreamScript = async (connection) => {
    await connection.readRequest();
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (await connection.writeAll(Buffer.from("1\r\nx\r\n"))) {
      await Promise.race([connection.ended, new Promise((resolve) => setTimeout(resolve, 30))]);
    }
  };
  const upstream = await stage.front(drips, { route: { maxDuration: "400ms" } });
  const client = await stage.client();
  const startedAt = performance.now();
  client.send(requestBytes());
  const { isComplete } = await client.response();
  const ms = performance.now() - startedAt;
  assert.ok(!isComplete && ms >= 395 && ms < 1500, `${ms} ms`);
  const access = await stage.gateway.log.accessWithCode("deadline_exceeded");
  assert.equal(access["status"], 200);
  await (
    await upstream.connection(1)
  ).ended;

  upstream.become(chunks);
  await readNothing(stage, "HTTP/1.1", "client_timeout");
  await stage.gateway.settled();
});

test(
  "routes.*.maxDuration shorter than the timeout is a budget before the head as well, and harms no quick answer",
  bounded,
  async () => {
    await using stage = new Stage();
    const upstream = await stage.front(hanging, { route: { maxDuration: "300ms" } });
    await stage.fails({ code: "deadline_exceeded", phase: "headers" });
    upstream.become(answering(ok));
    assert.equal((await stage.ask()).status, 200);
  },
);
