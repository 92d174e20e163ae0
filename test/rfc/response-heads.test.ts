/** RFC 9112 §4–§7, RFC 9110 §15: heads that no client may be shown, and what must stay clean around them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { valueOf, valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 30_000 };
const secret = "sw-inner-secret";
const length = "Content-Length: 2\r\n\r\nok";
const chunked = "2\r\nok\r\n0\r\n\r\n";

const refused: Readonly<Record<string, string>> = {
  "bytes that are no HTTP": `\x00\x01 ${secret} \xff\r\n\r\n`,
  "an SSH banner": "SSH-2.0-OpenSSH_9.9\r\n",
  "an empty line before the status line": `\r\nHTTP/1.1 200 OK\r\n${length}`,
  "lower-case http": `http/1.1 200 OK\r\n${length}`,
  "an HTTP/2.0 line": `HTTP/2.0 200 OK\r\n${length}`,
  "an HTTP/0.9 line": `HTTP/0.9 200 OK\r\n${length}`,
  "an HTTP/1.2 line": `HTTP/1.2 200 OK\r\n${length}`,
  "an RTSP/1.0 line": `RTSP/1.0 200 OK\r\n${length}`,
  "an ICE/1.0 line": `ICE/1.0 200 OK\r\n${length}`,
  "an HTTP/2.0 line behind an interim response": `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/2.0 200 OK\r\n${length}`,
  "an RTSP/1.0 line behind an interim response": `HTTP/1.1 102 Processing\r\n\r\nRTSP/1.0 200 OK\r\n${length}`,
  "an HTTP/2.0 interim response": `HTTP/2.0 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n${length}`,
  "status 000": `HTTP/1.1 000 None\r\n${length}`,
  "status 099": `HTTP/1.1 099 ${secret}\r\n${length}`,
  "status 99": `HTTP/1.1 99 Low\r\n${length}`,
  "status 600": `HTTP/1.1 600 High\r\n${length}`,
  "status 999": `HTTP/1.1 999 Highest\r\n${length}`,
  "status 2000": `HTTP/1.1 2000 OK\r\n${length}`,
  "a status that is no number": `HTTP/1.1 2O0 OK\r\n${length}`,
  "an unasked 101": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  "a 101 that names no protocol": `HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n${length}`,
  "both framings": `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  "both framings, the other way round": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n${chunked}`,
  "two lengths": `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${length}`,
  "two equal lengths": `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${length}`,
  "a list of lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
  "a signed length": "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
  "a hexadecimal length": "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
  "an empty length": "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
  "a length beyond 64 bits": "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok",
  "a length beyond what others can count": "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\nok",
  "a folded length": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\nok",
  "gzip, chunked": `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked}`,
  "gzip and chunked in two fields": `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  "chunked twice": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  "chunked with a comma": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n${chunked}`,
  "an unknown transfer coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nok",
  identity: "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
  "a transfer coding in HTTP/1.0": `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  "a space before the colon": "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
  "a field name with a space": `HTTP/1.1 200 OK\r\nX Y: ${secret}\r\n${length}`,
  "a field without a name": `HTTP/1.1 200 OK\r\n: ${secret}\r\n${length}`,
  "a line that is no field": `HTTP/1.1 200 OK\r\n${secret}\r\n${length}`,
  "a NUL in a field": `HTTP/1.1 200 OK\r\nX: ${secret}\x00\r\n${length}`,
  "a control byte in a field": `HTTP/1.1 200 OK\r\nX: a\x01b\r\n${length}`,
  "DEL in a field": `HTTP/1.1 200 OK\r\nX: a\x7fb\r\n${length}`,
  "a folded field": `HTTP/1.1 200 OK\r\nX: a\r\n Set-Cookie: ${secret}\r\n${length}`,
  "a bare CR in a field, where a cookie would begin": `HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: ${secret}\r\n${length}`,
  "a bare LF in a field, where a cookie would begin": `HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: ${secret}\r\n${length}`,
  "a bare CR in the reason phrase": `HTTP/1.1 200 O\rSet-Cookie: ${secret}\r\n${length}`,
  "a status line that ends with two CRs": `HTTP/1.1 200 \r\rSet-Cookie: ${secret}\r\n${length}`,
  "lines that end with LF alone": "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
};

test(
  "a head that breaks the grammar is 502 whole and in single bytes, and both connections stay clean",
  bounded,
  async (t) => {
    await using stage = new Stage();
    let bad = "";
    const upstream = await stage.front(async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target === "/drip") await connection.drip(bad);
        else connection.write(target === "/bad" ? bad : ok);
      }
    });
    for (const [name, bytes] of Object.entries(refused)) {
      await t.test(name, async () => {
        bad = bytes;
        const client = await stage.client();
        for (const target of ["/bad", "/drip"]) {
          client.send(requestBytes({ target: "/before" }));
          assert.equal((await client.response()).status, 200);
          client.send(requestBytes({ target }));
          const response = await client.response();
          await stage.assertFailed(response, { code: "upstream_protocol_error", phase: "headers", secrets: [secret] });
          client.send(requestBytes({ target: "/after" }));
          const after = await client.response();
          assert.deepEqual([after.status, after.body.toString()], [200, "fine"]);
        }
      });
    }
    await stage.settle();
    assert.ok(upstream.requests.length === 6 * Object.keys(refused).length, "each was asked once");
  },
);

test("white space around a framing field's value is none of it (RFC 9112 §5)", bounded, async () => {
  await using stage = new Stage();
  const [coded, sized] = ["Transfer-Encoding: chunked\t\r\n\r\n2\r\nok\r\n0\r\n\r\n", "Content-Length: 2  \r\n\r\nok"];
  await stage.front(answering((_, n) => `HTTP/1.1 200 OK\r\n${n === 0 ? coded : sized}`));
  const client = await stage.client();
  for (let n = 0; n < 2; n++) {
    client.send(requestBytes());
    assert.equal((await client.response()).body.toString(), "ok");
  }
});

test("a head section over the limit is 502, and the connection is given up", bounded, async () => {
  await using stage = new Stage();
  const field = `X-Filler: ${"x".repeat(1000)}\r\n`;
  const upstream = await stage.front(answering(`HTTP/1.1 200 OK\r\n${field.repeat(100)}${length}`));
  await stage.fails({ code: "upstream_headers_too_large", phase: "headers" });
  await (
    await upstream.connection(1)
  ).ended;
});

test("the reason phrase is the gateway's own, whatever the upstream's holds", bounded, async () => {
  await using stage = new Stage();
  const phrases = ["O\x00\x01\x1b[31mK", "OK\t\xff\x80", "", "x".repeat(1000), `200 OK ${secret}`];
  await stage.front(answering((_request, n) => responseBytes(`200 ${phrases[n] ?? ""}`, "fine")));
  for (const phrase of phrases) {
    const response = await stage.ask();
    assert.deepEqual([response.status, response.reason, response.body.toString()], [200, "OK", "fine"], phrase);
  }
});

test("a status without a reason phrase, known or not, is passed on", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering((request) => `HTTP/1.1 ${request.target.slice(1)}\r\nContent-Length: 0\r\n\r\n`));
  for (const status of [200, 299, 418, 499, 599]) {
    assert.equal((await stage.ask({ target: `/${status}` })).status, status);
  }
});

test("several Set-Cookie fields stay apart and in order", bounded, async () => {
  await using stage = new Stage();
  const cookies = ["a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "b=2", "a=1", "c=caf\xe9"];
  await stage.front(
    answering(
      responseBytes(
        "200 OK",
        "fine",
        cookies.map((value, n) => [n % 2 === 0 ? "Set-Cookie" : "set-cookie", value] as const),
      ),
    ),
  );
  assert.deepEqual(valuesOf((await stage.ask()).fields, "set-cookie"), cookies);
});

test("fields named like an object's own members pass like any other", bounded, async () => {
  await using stage = new Stage();
  const fields = ["__proto__", "constructor", "toString", "hasOwnProperty"].flatMap(
    (name) =>
      [
        [name, "1"],
        [name, "2"],
      ] as const,
  );
  await stage.front(answering(responseBytes("200 OK", "fine", fields)));
  const response = await stage.ask();
  for (const [name] of fields) assert.deepEqual(valuesOf(response.fields, name), ["1", "2"]);
});

test("what the Connection field lists is for the gateway alone, its own length among it", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering(
      "HTTP/1.1 200 OK\r\nConnection: close, X-Inner, Content-Length\r\nX-Inner: 1\r\nKeep-Alive: timeout=5\r\n" +
        `Upgrade: h2c\r\nProxy-Authenticate: Basic\r\n${length}`,
    ),
  );
  const response = await stage.ask();
  assert.deepEqual([response.status, response.body.toString(), response.isComplete], [200, "ok", true]);
  for (const name of ["x-inner", "upgrade", "proxy-authenticate"])
    assert.equal(valueOf(response.fields, name), undefined);
});
