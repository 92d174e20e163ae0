import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, it } from "node:test";

import type { AdminServer } from "../../gateway/admin/server.ts";

import { createAdminServer } from "../../gateway/admin/server.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

const levels = ["debug", "info", "warn"] as const;
let notReady: string[] = [];
let level: (typeof levels)[number] = "info";
let status: () => unknown = () => ({ routes: [] });
let errors: unknown[] = [];
let admin: AdminServer;
let port: number;

async function ask(path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Answer> {
  const req = request({ host: "127.0.0.1", port, path, method, headers, agent: false, timeout: 5000 });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode, headers: res.headers, body: await text(res) };
}

async function putLevel(body: string, headers: OutgoingHttpHeaders = { "content-type": "application/json" }) {
  return ask("/log-level", { method: "PUT", body, headers });
}

function assertProblem(answer: Answer, statusWanted: number, code: string): void {
  assert.equal(answer.headers["content-type"], "application/problem+json");
  const problem = JSON.parse(answer.body) as Record<string, unknown>;
  assert.deepEqual([answer.status, problem["status"], problem["code"]], [statusWanted, statusWanted, code]);
}

before(async () => {
  admin = createAdminServer({
    config: { host: "127.0.0.1", port: 0 },
    readiness: () => notReady,
    metrics: () => Promise.resolve("statuswise_limit 1\n"),
    status: () => status(),
    logLevel: { levels, current: () => level, set: (wanted) => void (level = wanted) },
    onError: (error) => void errors.push(error),
  });
  port = await admin.listen();
});

beforeEach(() => {
  notReady = [];
  level = "info";
  status = () => ({ routes: [] });
  errors = [];
});

after(() => admin.close());

describe("probes", () => {
  it("say ok while the process lives, ready or not", async () => {
    notReady = ["draining"];
    const { status: answered, body } = await ask("/livez");
    assert.deepEqual([answered, body], [200, "ok\n"]);
  });

  it("say ready, or 503 with what is not, and when to ask again", async () => {
    const ready = await ask("/readyz");
    assert.equal(ready.status, 200);
    assert.deepEqual(JSON.parse(ready.body), { ready: true, notReady: [] });
    notReady = ["draining", "no config"];
    const not = await ask("/readyz");
    assert.equal(not.status, 503);
    assert.equal(not.headers["retry-after"], "1");
    assert.deepEqual(JSON.parse(not.body), { ready: false, notReady });
  });

  it("answer HEAD with the head of GET alone", async () => {
    const [get, head] = [await ask("/livez"), await ask("/livez", { method: "HEAD" })];
    assert.equal(head.body, "");
    assert.equal(head.headers["content-length"], get.headers["content-length"]);
  });
});

describe("what the admin port shows", () => {
  it("includes the metrics in Prometheus text format", async () => {
    const { headers, body } = await ask("/metrics?name[]=any");
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(body, "statuswise_limit 1\n");
  });

  it("includes the status as JSON", async () => {
    const { headers, body } = await ask("/status");
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(body), { routes: [] });
  });

  it("is never stored, never sniffed, and ends its connection", async () => {
    for (const path of ["/livez", "/status", "/nowhere"]) {
      const { headers } = await ask(path);
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers.connection, "close");
    }
  });

  it("is a problem for any other path or method", async () => {
    assertProblem(await ask("/"), 404, "no_route");
    assertProblem(await ask("/livez/"), 404, "no_route");
    const post = await ask("/metrics", { method: "POST" });
    assertProblem(post, 405, "method_not_allowed");
    assert.equal(post.headers.allow, "GET, HEAD");
    assert.equal((await ask("/log-level", { method: "OPTIONS" })).headers.allow, "GET, HEAD, PUT");
  });

  it("is an internal problem that says nothing of itself where an endpoint has a bug, which is reported", async () => {
    const bug = new Error("secret detail");
    status = () => {
      throw bug;
    };
    const answer = await ask("/status");
    assertProblem(answer, 500, "internal");
    assert.ok(!answer.body.includes("secret"));
    assert.deepEqual(errors, [bug]);
  });
});

describe("the log level", () => {
  it("is shown and changed, and the answer tells the level in force", async () => {
    assert.deepEqual(JSON.parse((await ask("/log-level")).body), { level: "info" });
    const answer = await putLevel('{"level":"debug"}', { "content-type": "application/json; charset=utf-8" });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body), { level: "debug" });
    assert.equal(level, "debug");
  });

  it("is refused where it is no level", async () => {
    for (const body of ['{"level":"loud"}', "{}", "[]", "null", '"debug"', '{"level":["debug"]}']) {
      const answer = await putLevel(body);
      assertProblem(answer, 400, "invalid_body");
      const { errors: findings } = JSON.parse(answer.body) as { errors: unknown };
      assert.deepEqual(findings, [{ pointer: "#/level", keyword: "enum", detail: "must be one of debug, info, warn" }]);
    }
    assert.equal(level, "info");
  });

  it("is refused in a body that is no JSON, too large, encoded, or of another type", async () => {
    assertProblem(await putLevel("level=debug"), 400, "malformed_body");
    assertProblem(await putLevel(""), 400, "malformed_body");
    assertProblem(await putLevel(" ".repeat(1025)), 413, "body_too_large");
    assertProblem(await putLevel('{"level":"debug"}', { "content-type": "text/plain" }), 415, "unsupported_media_type");
    assertProblem(await putLevel('{"level":"debug"}', {}), 415, "unsupported_media_type");
    const encoded = { "content-type": "application/json", "content-encoding": "gzip" };
    assertProblem(await putLevel('{"level":"debug"}', encoded), 415, "unsupported_content_encoding");
    assert.equal(level, "info");
  });

  it("is refused in a chunked body that grows too large", async () => {
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    assertProblem(await putLevel(" ".repeat(3000), headers), 413, "body_too_large");
  });

  it("is no bug of ours where the client leaves half-way through the body", async () => {
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect");
    socket.write(
      "PUT /log-level HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n" +
        "Expect: 100-continue\r\n\r\n",
    );
    await once(socket, "data");
    socket.destroy();
    assert.equal((await ask("/livez")).status, 200);
    assert.deepEqual(errors, []);
  });
});

describe("a port bound to loopback", () => {
  it("answers to loopback's names alone, against DNS rebinding", async () => {
    for (const host of ["localhost", "LOCALHOST:9090", "127.0.0.1:9090", "127.1.2.3", "[::1]:9090", "[::1]"]) {
      assert.equal((await ask("/livez", { headers: { host } })).status, 200, host);
    }
    for (const host of [
      "evil.example",
      "evil.example:9090",
      "localhost.evil.example",
      "127.0.0.1.evil",
      "10.0.0.1",
      "a:b:c",
      "[::2]",
    ]) {
      assertProblem(await ask("/status", { headers: { host } }), 400, "malformed_request");
    }
  });
});

describe("an admin server", () => {
  it("rejects where its port is taken", async () => {
    const second = createAdminServer({
      config: { host: "127.0.0.1", port },
      readiness: () => [],
      metrics: () => Promise.resolve(""),
      status: () => ({}),
      logLevel: { levels, current: () => level, set() {} },
      onError() {},
    });
    await assert.rejects(second.listen(), { code: "EADDRINUSE" });
    await second.close();
  });

  it("answers any Host where it is bound to more than loopback, and closes at once over open connections", async () => {
    const open = createAdminServer({
      config: { host: "0.0.0.0", port: 0 },
      readiness: () => [],
      metrics: () => Promise.resolve(""),
      status: () => ({}),
      logLevel: { levels, current: () => level, set() {} },
      onError() {},
    });
    const openPort = await open.listen();
    const answer = request({ host: "127.0.0.1", port: openPort, path: "/livez", headers: { host: "pod.example" } });
    answer.end();
    const [res] = (await once(answer, "response")) as [IncomingMessage];
    assert.equal(res.statusCode, 200);
    res.resume();
    const idle = connect({ host: "127.0.0.1", port: openPort });
    await once(idle, "connect");
    idle.on("error", () => {});
    const closed = once(idle, "close");
    await open.close();
    await closed;
  });
});
