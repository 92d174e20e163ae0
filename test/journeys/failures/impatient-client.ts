import assert from "node:assert/strict";

import { requestBytes } from "../../support/raw-client.ts";
import { answering, hanging } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

const validated = {
  schemas: { "any.json": { type: "object" } },
  route: { timeout: "200ms", request: { body: { schema: "any.json" } } },
};

const slowUpload =
  "POST / HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

export const impatientClient = [
  journey("client_closed", "gone while the upstream is awaited", async (stage) => {
    const upstream = await stage.front(hanging);
    const client = await stage.client();
    client.send(requestBytes());
    const connection = await upstream.connection(1);
    await upstream.request(1);
    client.reset();
    await connection.ended;
    const access = await stage.gateway.log.accessWithCode("client_closed");
    assert.equal(access["status"], 499);
    await stage.assertLogged(String(access["requestId"]), { code: "client_closed", phase: "headers" });
  }),
  journey("client_closed", "gone with a FIN before the answer, where that means so", async (stage) => {
    const upstream = await stage.front(hanging, { listen: { halfClose: "cancel" } });
    const client = await stage.client();
    client.send(requestBytes());
    await upstream.request(1);
    client[Symbol.dispose]();
    await (
      await upstream.connection(1)
    ).ended;
    await stage.gateway.log.accessWithCode("client_closed");
  }),
  journey("client_closed", "gone in the middle of the answer", async (stage) => {
    const upstream = await stage.front(async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf");
    });
    const client = await stage.client();
    client.send(requestBytes());
    await client.head();
    client.reset();
    await (
      await upstream.connection(1)
    ).ended;
    const access = await stage.gateway.log.accessWithCode("client_closed");
    await stage.assertLogged(String(access["requestId"]), { code: "client_closed", phase: "relay" });
  }),
  journey("client_closed", "gone in the middle of its own body", async (stage) => {
    const upstream = await stage.front(hanging);
    const client = await stage.client();
    client.send("POST / HTTP/1.1\r\nHost: api.test\r\nContent-Length: 100\r\n\r\nsome");
    const connection = await upstream.connection(1);
    client.reset();
    await connection.ended;
    await stage.gateway.log.accessWithCode("client_closed");
    assert.equal(upstream.requests.length, 0, "the upstream got no complete request");
  }),
  journey("client_timeout", "a body that does not come, on a validated route", async (stage) => {
    const upstream = await stage.front(answering(), validated);
    await stage.fails({ code: "client_timeout", phase: "body", method: "POST", raw: slowUpload });
    assert.equal(upstream.connections.length, 0, "nothing is asked for half a body");
  }),
  journey("client_timeout", "a streamed body that does not come", async (stage) => {
    const upstream = await stage.front(answering(), { route: { timeout: "200ms" } });
    await stage.fails({ code: "client_timeout", method: "POST", raw: slowUpload });
    assert.equal(upstream.requests.length, 0);
  }),
  journey("client_timeout", "a head that does not come", async (stage) => {
    await stage.front(answering(), { listen: { headersTimeout: "500ms" } });
    await stage.fails({ code: "client_timeout", phase: "accept", raw: "GET / HTTP/1.1\r\nHost: api" });
  }),
];
