import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";

import type { Field } from "../support/http-message.ts";

import { valuesOf } from "../support/http-message.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

const schemas = { "order.json": { type: "object", required: ["id"], properties: { id: { type: "string" } } } };
const every = ["gzip", "deflate", "br", "zstd"];
const order = '{"id":"a", "note":"unchanged \\u00e9"}';
const encoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};

function encode(coding: string, text: string): Buffer {
  const encoder = encoders[coding];
  assert.ok(encoder !== undefined);
  return encoder(Buffer.from(text));
}

async function front(stage: Stage, body: Record<string, unknown> = {}, listen = {}) {
  const rules = { schema: "order.json", contentEncodings: every, ...body };
  return stage.front(answering(), { schemas, listen, route: { request: { body: rules } } });
}

function post(coding: string | undefined, body: Buffer | string) {
  const fields: Field[] = [["Content-Type", "application/json"]];
  if (coding !== undefined) fields.push(["Content-Encoding", coding]);
  return { method: "POST", fields, body };
}

describe("a coded body on a validated route", () => {
  test("is 415 by default, and told what is accepted", async () => {
    await using stage = new Stage();
    const upstream = await front(stage, { contentEncodings: [] });
    const { response } = await stage.fails(
      { code: "unsupported_content_encoding", method: "POST" },
      post("gzip", encode("gzip", order)),
    );
    assert.deepEqual(valuesOf(response.fields, "accept-encoding"), ["identity"]);
    assert.equal((await stage.ask(post("identity", order))).status, 200);
    assert.equal(upstream.requests.length, 1);
  });

  test("is checked inflated and forwarded as it came, in every coding", async () => {
    await using stage = new Stage();
    const upstream = await front(stage);
    for (const coding of every) {
      const bytes = encode(coding, order);
      assert.equal((await stage.ask(post(coding.toUpperCase(), bytes))).status, 200, coding);
      const forwarded = upstream.requests.at(-1);
      assert.deepEqual(forwarded?.body, bytes);
      assert.deepEqual(valuesOf(forwarded.fields, "content-encoding"), [coding.toUpperCase()]);
      const { problem } = await stage.fails(
        { code: "invalid_body", method: "POST" },
        post(coding, encode(coding, '{"id":1}')),
      );
      assert.equal(problem.errors?.[0]?.["pointer"], "#/id");
    }
    assert.equal((await stage.ask(post("x-gzip", encode("gzip", order)))).status, 200);
    assert.equal(upstream.requests.length, every.length + 1);
  });

  test("is malformed_body where it is cut short, garbled, or has something after its end", async () => {
    await using stage = new Stage();
    const upstream = await front(stage);
    for (const coding of every) {
      const bytes = encode(coding, order);
      const garbled = Buffer.from(bytes);
      garbled.fill(0xff, 10, 16);
      const raws = [bytes.subarray(0, -2), garbled, Buffer.concat([bytes, Buffer.from("{}")]), Buffer.from(order)];
      if (coding === "deflate") raws.push(deflateRawSync(order));
      // Brotli has no checksum: what was garbled may be data.
      for (const raw of raws.filter((one) => coding !== "br" || !isBrotli(one))) {
        await stage.fails({ code: "malformed_body", method: "POST" }, post(coding, raw));
      }
    }
    assert.equal(upstream.requests.length, 0);
  });

  test("is refused in two codings, or in one that is not accepted", async () => {
    await using stage = new Stage();
    await front(stage, { contentEncodings: ["gzip", "zstd"] });
    for (const coding of ["gzip, gzip", "br", "compress", "gzip,", "", "gzip;q=1", "identity, gzip"]) {
      const { response } = await stage.fails(
        { code: "unsupported_content_encoding", method: "POST" },
        post(coding, encode("gzip", order)),
      );
      assert.deepEqual(valuesOf(response.fields, "accept-encoding"), ["gzip, zstd"]);
    }
  });

  test("is body_too_large over the bound or the ratio, whatever its coding", async () => {
    await using stage = new Stage();
    const upstream = await front(stage, { maxInflatedSize: "64KiB", maxInflateRatio: 50 });
    const long = JSON.stringify({ id: "a", noise: Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 9973) });
    const bomb = `{"id":"${" ".repeat(50_000)}"}`;
    for (const coding of every) {
      for (const text of [long, bomb]) {
        await stage.fails({ code: "body_too_large", method: "POST" }, post(coding, encode(coding, text)));
      }
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await stage.ask(post("gzip", encode("gzip", order)))).status, 200);
  });

  test("stops a bomb of a gigabyte at the bound", async () => {
    await using stage = new Stage();
    await front(stage, { maxInflatedSize: "64MiB", maxInflateRatio: 100_000 }, { maxBufferedBytes: "256MiB" });
    // One block of 64 MiB of zeros, as a member of gzip that stands there sixteen times.
    const bomb = Buffer.concat(Array.from({ length: 16 }, () => member));
    const before = process.memoryUsage().rss;
    await stage.fails({ code: "body_too_large", method: "POST" }, post("gzip", bomb));
    assert.ok(process.memoryUsage().rss - before < 300 * 2 ** 20);
  });

  test("counts in the budget of buffered bytes while it is inflated", async () => {
    await using stage = new Stage();
    await front(stage, { maxInflateRatio: 10_000 }, { maxBufferedBytes: "1MiB" });
    const bytes = encode("gzip", `{"id":"${"a".repeat(900_000)}"}`);
    assert.ok(bytes.length < 2000);
    await stage.fails({ code: "overloaded", method: "POST" }, post("gzip", bytes));
    assert.equal((await stage.ask(post("gzip", encode("gzip", order)))).status, 200);
  });
});

test("a route without a schema forwards any coding unread", async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  assert.equal((await stage.ask(post("gzip, made-up", "whatever"))).status, 200);
  assert.equal(upstream.requests[0]?.body.toString(), "whatever");
});

const member = gzipSync(Buffer.alloc(64 * 2 ** 20));

function isBrotli(bytes: Buffer): boolean {
  try {
    brotliDecompressSync(bytes);
    return true;
  } catch {
    return false;
  }
}
