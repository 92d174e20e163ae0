import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";

import type { UpstreamScript } from "../../support/raw-upstream.ts";

import { answering, responseBytes } from "../../support/upstream-scripts.ts";
import { until } from "../../support/until.ts";
import { journey } from "./journey.ts";

const secret = "sw-inner-secret";
const trace = `{"stack":"Error: ${secret}\\n at Orders.find (orders.ts:12)"}`;
const json = [["Content-Type", "application/json"]] as const;

const schemas = {
  "order.json": {
    type: "object",
    required: ["id"],
    properties: { id: { type: "integer" }, note: { type: "string" } },
  },
};
const enforced = { schemas, route: { response: { schema: "order.json", mode: "enforce", maxSize: "1KiB" } } };

function violated(name: string, answer: string) {
  return journey("upstream_schema_violation", name, async (stage) => {
    const upstream = await stage.front(answering(answer), enforced);
    const seen = await stage.fails({
      code: "upstream_schema_violation",
      phase: "relay",
      receivedStatus: 200,
      secrets: [secret],
    });
    assert.equal(seen.access["source"], "upstream");
    const line = await stage.gateway.log.line((one) => one["event"] === "response_schema");
    assert.equal(line["requestId"], seen.problem.requestId);
    assert.ok(!JSON.stringify(line).includes(secret), "the log has no value either");
    assert.equal(upstream.requests.length, 1);
    assert.equal(await breakerOf(stage), "closed");
  });
}

async function breakerOf(stage: Parameters<Parameters<typeof journey>[2]>[0]): Promise<unknown> {
  return (await stage.gateway.upstreams())[0]?.targets[0]?.breaker;
}

function latin1(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** Answers a head and half a body, and then does this. */
function half(then: "hang" | "reset" | "fin"): UpstreamScript {
  return async (connection) => {
    await connection.readRequest();
    connection.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id": 1, "note": "${secret}`,
    );
    if (then === "reset") connection.reset();
    if (then === "fin") connection.fin();
  };
}

export const replacedAnswer = [
  journey("upstream_error", "a 500 with a stack trace, on a route that conceals", async (stage) => {
    const fields = [...json, ["X-Debug", secret], ["ETag", `"${secret}"`], ["Set-Cookie", `a=${secret}`]] as const;
    const upstream = await stage.front(answering(responseBytes("500 Oops", trace, fields)), {
      route: { upstreamErrors: { conceal: true } },
    });
    const expected = { code: "upstream_error", status: 500, receivedStatus: 500, secrets: [secret, "Oops"] } as const;
    const { access } = await stage.fails({ ...expected, phase: "relay" });
    assert.equal(access["source"], "upstream");
    await stage.fails(expected, { method: "POST", body: "{}" });
    await stage.fails(expected, { method: "HEAD" });
    assert.equal(upstream.connections.length, 1, "the connection is used again");
  }),
  journey("upstream_error", "a 503 keeps its Retry-After, and the proxies before keep their members", async (stage) => {
    const fields = [
      ["Retry-After", "30"],
      ["Proxy-Status", `edge;error=dns_timeout;details="${secret}";next-hop="${secret}"`],
    ] as const;
    await stage.front(answering(responseBytes("503 Busy", trace, fields)), {
      route: { upstreamErrors: { conceal: true } },
    });
    const { response } = await stage.fails({
      code: "upstream_error",
      status: 503,
      receivedStatus: 503,
      retryAfterAtLeast: 30,
      secrets: [secret],
    });
    const members = response.fields.filter(([name]) => name.toLowerCase() === "proxy-status").map(([, value]) => value);
    assert.match(members.join(), /^edge;error=dns_timeout, gateway\.test;/);
  }),
  journey("upstream_error", "translated, a concealed answer has its new status and still no body", async (stage) => {
    await stage.front(answering(responseBytes("500 Oops", trace, json)), {
      route: { upstreamErrors: { conceal: true, translate: [{ when: { status: 500 }, status: 404 }] } },
    });
    await stage.fails({ code: "upstream_error", status: 404, receivedStatus: 500, secrets: [secret] });
  }),
  journey("upstream_error", "a body without end does not hold the answer back", async (stage) => {
    const endless: UpstreamScript = async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (await connection.writeAll(Buffer.from(`${(65_536).toString(16)}\r\n${secret.padEnd(65_536)}\r\n`)));
    };
    const upstream = await stage.front(endless, { route: { upstreamErrors: { conceal: true } } });
    await stage.fails({ code: "upstream_error", status: 500, receivedStatus: 500, secrets: [secret] });
    await until(() => upstream.openConnections === 0);
  }),
  violated("another type", responseBytes("200 OK", `{"id":"${secret}"}`, json)),
  violated("a member is missing", responseBytes("200 OK", `{"note":"${secret}"}`, json)),
  violated("no JSON", responseBytes("200 OK", `{"id": 1, ${secret}`, json)),
  violated("a member twice", responseBytes("200 OK", `{"id":1,"id":2,"note":"${secret}"}`, json)),
  violated("a page in place of JSON", responseBytes("200 OK", `<p>${secret}`, [["Content-Type", "text/html"]])),
  violated("no body at all", responseBytes("200 OK", "", json)),
  violated(
    "a violation under gzip",
    responseBytes("200 OK", latin1(gzipSync(`{"id":"${secret}"}`)), [...json, ["Content-Encoding", "gzip"]]),
  ),
  violated(
    "bytes that are not what Content-Encoding says",
    responseBytes("200 OK", `{"id":1,"note":"${secret}"}`, [...json, ["Content-Encoding", "gzip"]]),
  ),
  violated("an unknown coding", responseBytes("200 OK", '{"id":1}', [...json, ["Content-Encoding", "x-own"]])),
  journey("upstream_schema_violation", "a part of a body cannot be checked", async (stage) => {
    await stage.front(answering(responseBytes("206 Part", '{"id":1}', json)), enforced);
    await stage.fails({ code: "upstream_schema_violation", receivedStatus: 206 });
  }),
  journey(
    "upstream_body_too_large",
    "a body to be checked is longer than may be read, by its length",
    async (stage) => {
      await stage.front(answering(responseBytes("200 OK", `{"id":1,"note":"${secret.repeat(100)}"}`, json)), enforced);
      await stage.fails({ code: "upstream_body_too_large", phase: "relay", receivedStatus: 200, secrets: [secret] });
      await until(async () => (await stage.gateway.load()).busy === 0);
    },
  ),
  journey("upstream_body_too_large", "… and as it comes", async (stage) => {
    const chunk = "x".repeat(600);
    const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n${chunk}\r\n258\r\n${chunk}\r\n0\r\n\r\n`;
    await stage.front(answering(chunked), enforced);
    await stage.fails({ code: "upstream_body_too_large", phase: "relay", receivedStatus: 200 });
  }),
  journey("upstream_body_too_large", "… and once it is inflated", async (stage) => {
    const bomb = latin1(gzipSync(`{"id":1,"note":"${"x".repeat(5000)}"}`));
    await stage.front(answering(responseBytes("200 OK", bomb, [...json, ["Content-Encoding", "gzip"]])), enforced);
    await stage.fails({ code: "upstream_body_too_large", phase: "relay", receivedStatus: 200 });
  }),
  journey("upstream_body_too_large", "an error's body that a translation asks for", async (stage) => {
    const translate = [{ when: { status: 500, body: { "/code": "42" } }, status: 404 }];
    await stage.front(answering(responseBytes("500 Oops", secret.repeat(100), json)), {
      route: { upstreamErrors: { translate, maxSize: "1KiB" } },
    });
    await stage.fails({ code: "upstream_body_too_large", receivedStatus: 500, secrets: [secret] });
  }),
  ...(["reset", "fin"] as const).map((end) =>
    journey(
      "upstream_incomplete",
      `a body that was held back ends with ${end}: it can be answered after all`,
      async (stage) => {
        await stage.front(half(end), enforced);
        const expected = { code: "upstream_incomplete", status: 502, receivedStatus: 200, secrets: [secret] } as const;
        await stage.fails({ ...expected, phase: "relay" });
      },
    ),
  ),
  journey("upstream_body_idle", "a body that was held back stalls: it can be answered after all", async (stage) => {
    await stage.front(half("hang"), { ...enforced, upstream: { timeouts: { idle: "150ms" } } });
    const expected = { code: "upstream_body_idle", status: 504, receivedStatus: 200, secrets: [secret] } as const;
    await stage.fails({ ...expected, phase: "relay" });
  }),
  journey("client_closed", "while its answer is held back", async (stage) => {
    const upstream = await stage.front(half("hang"), enforced);
    const client = await stage.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await upstream.request(1);
    client.reset();
    await until(() => upstream.openConnections === 0);
  }),
  journey("maintenance", "declared on the upstream, for every route to it", async (stage) => {
    const upstream = await stage.front(answering(), { upstream: { maintenance: { retryAfter: "90s" } } });
    await stage.fails({ code: "maintenance", retryAfterAtLeast: 90 });
    assert.equal(upstream.connections.length, 0);
  }),
];
