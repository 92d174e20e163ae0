import assert from "node:assert/strict";

import { sayingAndClosing } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

const secret = "sw-inner-secret";

function garbled(name: string, bytes: string) {
  return journey("upstream_protocol_error", name, async (stage) => {
    const upstream = await stage.front(sayingAndClosing(bytes));
    await stage.fails({ code: "upstream_protocol_error", phase: "headers", secrets: [secret] });
    assert.equal((await stage.gateway.load()).idle, 0, "such a connection is not used again");
    assert.equal(upstream.requests.length, 1);
  });
}

const length = "Content-Length: 2\r\n\r\nok";

export const garbledUpstream = [
  garbled("bytes that are no HTTP", `\x00\x01 ${secret} \xff\r\n\r\n`),
  garbled("an HTTP/2.0 status line", `HTTP/2.0 200 OK\r\n${length}`),
  garbled("status 099", `HTTP/1.1 099 ${secret}\r\n${length}`),
  garbled("status 99", `HTTP/1.1 99 Low\r\n${length}`),
  garbled("status 600", `HTTP/1.1 600 High\r\n${length}`),
  garbled("status 999", `HTTP/1.1 999 Highest\r\n${length}`),
  garbled(
    "a transfer coding other than chunked",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  ),
  garbled("an unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nok"),
  garbled("two Content-Length fields", `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${length}`),
  garbled("both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  garbled("two equal Content-Length fields", `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${length}`),
  garbled(
    "both framings, though they agree",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ),
  garbled("a Content-Length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok"),
  garbled("an unasked 101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
  garbled("a field name with a space", `HTTP/1.1 200 OK\r\nX Y: ${secret}\r\n${length}`),
  garbled("a NUL in a field", `HTTP/1.1 200 OK\r\nX: ${secret}\x00\r\n${length}`),
  journey("upstream_headers_too_large", "a header section over the limit", async (stage) => {
    const field = `X-Filler: ${"x".repeat(1000)}\r\n`;
    await stage.front(sayingAndClosing(`HTTP/1.1 200 OK\r\n${field.repeat(100)}${length}`));
    await stage.fails({ code: "upstream_headers_too_large", phase: "headers" });
  }),
];
