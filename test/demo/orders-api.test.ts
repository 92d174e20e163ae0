import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";

import type { OrdersApi } from "../../gateway/demo/orders-api.ts";

import { findRefusingPort, startOrdersApi } from "../../gateway/demo/orders-api.ts";

/** What arrives on a raw connection until it ends, and how it ended. */
async function exchange(port: number, target: string): Promise<{ text: string; error: string | undefined }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let error: string | undefined;
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  // Not once(): it would reject on the error that is expected here.
  await new Promise((resolve) => socket.on("close", resolve));
  return { text, error };
}

describe("the sample Orders API", () => {
  let api: OrdersApi;
  let origin: string;
  before(async () => {
    api = await startOrdersApi();
    origin = `http://127.0.0.1:${api.port}`;
  });
  after(() => api.close());

  async function create(body: string): Promise<Response> {
    return fetch(`${origin}/orders`, { method: "POST", body });
  }

  test("an order that was created is listed, and found by its id", async () => {
    const created = (await (await create('{"customer":"Ada"}')).json()) as { id: string };
    assert.deepEqual(await (await fetch(`${origin}/orders/${created.id}`)).json(), created);
    const { orders } = (await (await fetch(`${origin}/orders?limit=1`)).json()) as { orders: unknown[] };
    assert.deepEqual(orders.at(-1), created);
  });

  test("the oldest order is forgotten beyond a thousand, and no id is given twice", async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 1_001; count += 1) ids.add(((await (await create("{}")).json()) as { id: string }).id);
    const { orders } = (await (await fetch(`${origin}/orders`)).json()) as { orders: unknown[] };
    assert.equal(ids.size, 1_001);
    assert.equal(orders.length, 1_000);
  });

  test("an order that does not exist, and a misbehaviour it does not know, are its own 404", async () => {
    assert.equal((await fetch(`${origin}/orders/ord-0`)).status, 404);
    assert.equal((await fetch(`${origin}/demo/toString`)).status, 404);
  });

  test("a body that is no JSON is its own 500, and one that is too long ends the connection", async () => {
    assert.equal((await create("{")).status, 500);
    await assert.rejects(create("x".repeat(100_000)));
  });

  test("reset ends the connection before an answer", async () => {
    assert.deepEqual(await exchange(api.port, "/demo/reset"), { text: "", error: "ECONNRESET" });
  });

  test("cut resets the connection in the middle of the body", async () => {
    const { text, error } = await exchange(api.port, "/demo/cut");
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 1000\r\n[^]*the beginning/);
    assert.equal(error, "ECONNRESET");
  });

  test("garbage is no HTTP", async () => {
    assert.deepEqual(await exchange(api.port, "/demo/garbage"), { text: "This is no HTTP.\r\n\r\n", error: undefined });
  });

  test("slow drips, and ends properly", async () => {
    const response = await fetch(`${origin}/demo/slow`);
    assert.match(await response.text(), /^line 1 of 8\n[^]*line 8 of 8\n$/);
  });

  test("crash answers 500 with a stack trace", async () => {
    const response = await fetch(`${origin}/demo/crash`);
    assert.equal(response.status, 500);
    assert.match(await response.text(), /^TypeError: [^]*\n +at /);
  });

  test("closing ends the connections that hang", async () => {
    const other = await startOrdersApi();
    const socket = connect(other.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.on("error", resolve).on("close", resolve));
    // Two in one packet: once the first is answered, the second hangs.
    socket.write("GET /orders HTTP/1.1\r\nHost: a\r\n\r\nGET /demo/hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    await other.close();
    await closed;
  });
});

test("nobody listens on the refusing port", async () => {
  const socket = connect(await findRefusingPort(), "127.0.0.1");
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
});
