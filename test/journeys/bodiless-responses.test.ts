import assert from "node:assert/strict";
import { test } from "node:test";

import { valueOf, valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };

test("answers HEAD with the length a GET would have, and no body, on a connection that lives on", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering((request) => (request.method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" : ok)),
  );
  const client = await stage.client();
  for (const method of ["HEAD", "GET", "HEAD"]) {
    client.send(requestBytes({ method }));
    const response = await client.response(method);
    assert.equal(valueOf(response.fields, "content-length"), "4");
    assert.equal(response.body.toString(), method === "GET" ? "fine" : "");
  }
});

test("answers 204 and 304 without a body, on a connection that lives on", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering((request) => {
      if (request.target === "/204") return "HTTP/1.1 204 No Content\r\n\r\n";
      if (request.target === "/304") return 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 4\r\n\r\n';
      return responseBytes("200 OK", "after");
    }),
  );
  const client = await stage.client();
  for (const [target, status, body] of [
    ["/204", 204, ""],
    ["/304", 304, ""],
    ["/", 200, "after"],
  ] as const) {
    client.send(requestBytes({ target }));
    const response = await client.response();
    assert.deepEqual([response.status, response.body.toString()], [status, body]);
    if (status === 204) assert.deepEqual(valuesOf(response.fields, "content-length"), []);
    assert.deepEqual(valuesOf(response.fields, "transfer-encoding").length === 0 || status === 200, true);
  }
});

test("takes interim responses for what they are, and sends HTTP/1.0 clients none", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok}`),
  );
  const client = await stage.client();
  for (let n = 0; n < 2; n += 1) {
    client.send(requestBytes());
    const response = await client.response();
    assert.deepEqual([response.status, response.body.toString()], [200, "fine"]);
  }
  const old = await stage.ask({ version: "HTTP/1.0" });
  assert.deepEqual([old.status, old.interim.length, old.body.toString()], [200, 0, "fine"]);
});
