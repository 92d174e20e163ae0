/** RFC 9112 §6–§8, RFC 9110 §6.4–§6.5: where a response's body ends, and what must not pass for its end. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { RawUpstream, UpstreamConnection } from "../support/raw-upstream.ts";

import { valueOf, valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, ok, responseBytes, sayingAndClosing } from "../support/upstream-scripts.ts";

const bounded = { timeout: 30_000 };
const stolen = responseBytes("200 STOLEN", "another's answer");

const bodiless: ReadonlyArray<readonly [name: string, method: string, head: string, length: string | undefined]> = [
  ["204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4", undefined],
  ["204 with a transfer coding", "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked", undefined],
  ["204 with neither", "GET", "HTTP/1.1 204 No Content", undefined],
  ["304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4", "4"],
  ["304 with neither", "GET", "HTTP/1.1 304 Not Modified", undefined],
  ["HEAD with a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4", "4"],
  ["HEAD with a transfer coding", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", undefined],
  ["HEAD with neither", "HEAD", "HTTP/1.1 200 OK", undefined],
];
const unexpected = ["", "4\r\nfine\r\n0\r\n\r\n", "fine", stolen];

for (const [name, method, head, length] of bodiless) {
  test(`${name}: no body goes out, whatever comes in behind it`, bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      answering((request) =>
        request.target === "/" ? `${head}\r\n\r\n${unexpected[upstream.requests.length % 4]}` : ok,
      ),
    );
    const client = await stage.client();
    for (let n = 0; n < 4; n += 1) {
      client.send(requestBytes({ method }));
      const response = await client.response(method);
      assert.equal(response.body.length, 0);
      assert.equal(valueOf(response.fields, "content-length"), length);
      client.send(requestBytes({ target: "/next" }));
      const next = await client.response();
      assert.deepEqual([next.status, next.reason, next.body.toString()], [200, "OK", "fine"]);
    }
  });
}

const surplus: Readonly<Record<string, string>> = {
  "a whole response": stolen,
  "the first letter of a response": "H",
  "half a head": stolen.slice(0, 20),
  "bytes that are no HTTP": "\x00\x01\x02",
  "an interim response": "HTTP/1.1 103 Early Hints\r\n\r\n",
};
const wholes: Readonly<Record<string, string>> = {
  counted: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
  empty: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  chunked: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
};

test(
  "surplus bytes behind an answer reach nobody, in its packet or later on the idle connection",
  bounded,
  async (t) => {
    await using stage = new Stage();
    let [answer, extra] = ["", ""];
    const upstream = await stage.front(answering((request) => (request.target === "/bad" ? answer + extra : answer)));
    for (const [framing, whole] of Object.entries(wholes)) {
      for (const [name, bytes] of Object.entries(surplus)) {
        await t.test(`${name} behind a ${framing} body`, async () => {
          [answer, extra] = [whole, bytes];
          const client = await stage.client();
          const ask = async (target: string): Promise<void> => {
            client.send(requestBytes({ target }));
            const response = await client.response();
            assert.deepEqual([response.status, response.reason, response.interim.length], [200, "OK", 0]);
            assert.equal(response.body.toString(), framing === "empty" ? "" : "fine");
          };
          await ask("/bad");
          await upstream.connections.at(-1)?.ended;
          await ask("/next");
          await stage.gateway.settled();
          const idle = upstream.connections.at(-1);
          idle?.write(bytes);
          await idle?.ended;
          await ask("/next");
        });
      }
    }
    assert.equal((await stage.gateway.load()).busy, 0);
  },
);

const trailers = ["X-Sum: 1\r\nSet-Cookie: a=b", "Connection: close", "Transfer-Encoding: gzip", "Upgrade: h2c"];

test(
  "trailers are dropped with the field that announces them, and what they say of the hop is not acted on",
  bounded,
  async () => {
    await using stage = new Stage();
    await stage.front(
      answering(
        (request) =>
          "HTTP/1.1 200 OK\r\nTrailer: X-Sum, Set-Cookie\r\nTransfer-Encoding: chunked\r\n\r\n" +
          `4;name=value\r\nfine\r\n0\r\n${trailers[Number(request.target.slice(1))]}\r\n\r\n`,
      ),
    );
    const client = await stage.client();
    for (const n of [0, 0, 1, 1, 2, 2, 3, 3, 0]) {
      client.send(requestBytes({ target: `/${n}` }));
      const response = await client.response();
      assert.deepEqual([response.body.toString(), response.isComplete, response.trailers], ["fine", true, []]);
      assert.deepEqual(valuesOf(response.fields, "trailer"), []);
    }
  },
);

const counted = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf";
const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
const closing = "HTTP/1.1 200 OK\r\n\r\nhalf";
type End = (connection: UpstreamConnection) => void;
const saying =
  (bytes: string): End =>
  (connection) =>
    connection.write(bytes);
const fin: End = (connection) => connection.fin();
const reset: End = (connection) => connection.reset();

const breaks: ReadonlyArray<readonly [name: string, head: string, end: End]> = [
  ["a counted body, then FIN", counted, fin],
  ["a counted body, then RST", counted, reset],
  ["a chunked body, then FIN", chunked, fin],
  ["a chunked body, then FIN within a chunk", chunked.replace("4\r\n", "9\r\n"), fin],
  ["a chunked body, then FIN behind the last chunk's size", `${chunked}0\r\n`, fin],
  ["a chunked body, then RST", chunked, reset],
  ["a chunk size that is none", chunked, saying("zz\r\n")],
  ["a negative chunk size", chunked, saying("-4\r\nfine\r\n")],
  ["a chunk size beyond 64 bits", chunked, saying("10000000000000004\r\nfine\r\n")],
  ["a chunk size with a space", chunked, saying("4 \r\nfine\r\n")],
  ["a chunk size that ends with LF alone", chunked, saying("4\nfine\r\n")],
  ["a chunk longer than its size", chunked, saying("4\r\nfinest\r\n")],
  ["a NUL in a chunk extension", chunked, saying("4;a\x00b\r\nfine\r\n")],
  ["a bare LF in a chunk extension", chunked, saying("4;a\nfine\r\n")],
  ["a trailer that is no field", chunked, saying("0\r\nno field\r\n\r\n")],
  ["a length among the trailers", chunked, saying("0\r\nContent-Length: 9\r\n\r\n")],
  ["a body that the connection ends, by RST", closing, reset],
];

/** From the upstream's deed to the client's end, in milliseconds. */
async function breakOff(
  stage: Stage,
  upstream: RawUpstream,
  how: { readonly version: string; readonly end: End },
): Promise<number> {
  const { version, end } = how;
  const client = await stage.client();
  client.send(requestBytes({ version }));
  await client.head();
  await until(() => client.received.includes("half"));
  const connection = upstream.connections.at(-1);
  assert.ok(connection !== undefined);
  const startedAt = performance.now();
  end(connection);
  const ending = await client.ended;
  const ms = performance.now() - startedAt;
  const said = client.received.toString("latin1");
  assert.ok(!said.endsWith("0\r\n\r\n"), "no last chunk");
  assert.equal(said.includes("HTTP/1.1 502"), false, "no second answer");
  const isDelimited = /\r\n(content-length|transfer-encoding):/i.test(said);
  if (!isDelimited) assert.equal(ending, "reset", "FIN would end such a body cleanly");
  return ms;
}

for (const [name, head, end] of breaks) {
  test(`broken off within 100 ms: ${name}`, bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      async (connection) => {
        await connection.readRequest();
        connection.write(head);
      },
      { upstream: { breaker: { minimumRequests: 1000 } } },
    );
    const took: number[] = [];
    for (const version of ["HTTP/1.1", "HTTP/1.0", "HTTP/1.1"])
      took.push(await breakOff(stage, upstream, { version, end }));
    // The best of three: what is left out is the machine's own hiccups.
    assert.ok(Math.min(...took) < 100, `took ${took.map(Math.round).join(", ")} ms`);
    await stage.settle();
    const { access } = await stage.assertLogged(
      String((await stage.gateway.log.accessWithCode("upstream_incomplete"))["requestId"]),
      {
        code: "upstream_incomplete",
        phase: "relay",
      },
    );
    assert.equal(access["status"], 200);
  });
}

test("a body that the connection ends is whole after FIN", bounded, async () => {
  await using stage = new Stage();
  await stage.front(sayingAndClosing("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it"));
  for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
    const response = await stage.ask({ version });
    assert.deepEqual([response.status, response.body.toString(), response.isComplete], [200, "all of it", true]);
  }
});
