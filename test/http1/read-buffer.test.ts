import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, test } from "node:test";

import { owned, ReadBuffer } from "../../gateway/http1/read-buffer.ts";

const readBytes = 65_536;

/** Reads as a socket does: `fill` says what arrives, `count` how much of the buffer it takes. */
function arrive({ onread }: ReadBuffer, fill: number, count: number): boolean {
  onread.buffer().fill(fill, 0, count);
  return onread.callback(count);
}

/** A buffer whose reads are kept as they were handed over, and as `owned` keeps them. */
function keeping() {
  const lent: Buffer[] = [];
  const kept: Buffer[] = [];
  const buffer = new ReadBuffer((chunk) => {
    lent.push(chunk);
    kept.push(owned(chunk));
  });
  return { buffer, lent, kept };
}

describe("a read buffer", () => {
  test("lends small reads in a buffer that all sockets share; owned ones outlive the next read", () => {
    const one = keeping();
    const other = keeping();
    arrive(one.buffer, 1, 5);
    arrive(other.buffer, 2, 5);
    assert.deepEqual(one.lent, [Buffer.alloc(5, 2)], "lent: overwritten by the next read");
    assert.deepEqual(one.kept, [Buffer.alloc(5, 1)]);
    assert.deepEqual(other.kept, [Buffer.alloc(5, 2)]);
  });

  test("hands full reads over in buffers of their own, without a copy", () => {
    const one = keeping();
    for (let fill = 1; fill <= 4; fill++) arrive(one.buffer, fill, readBytes);
    assert.deepEqual(
      one.kept,
      [1, 2, 3, 4].map((fill) => Buffer.alloc(readBytes, fill)),
    );
    assert.equal(one.lent[1], one.kept[1]);
    assert.equal(new Set(one.kept.map(({ buffer }) => buffer)).size, 4);
    one.buffer.close();
  });

  test("shares again after a read that was not full, which it copies out of the large buffer", () => {
    const one = keeping();
    const shared = one.buffer.onread.buffer();
    arrive(one.buffer, 1, readBytes);
    assert.notEqual(one.buffer.onread.buffer(), shared);
    arrive(one.buffer, 2, 10);
    assert.equal(one.buffer.onread.buffer(), shared);
    assert.ok((one.kept[1] as Buffer).buffer.byteLength < readBytes);
    assert.deepEqual(one.kept[1], Buffer.alloc(10, 2));
  });

  test("gives no more than 64 sockets buffers of their own, and takes them back", () => {
    const all = Array.from({ length: 65 }, keeping);
    const [first] = all as [(typeof all)[0]];
    const shared = first.buffer.onread.buffer();
    for (const { buffer } of all) arrive(buffer, 1, readBytes);
    const sharing = () => all.filter(({ buffer }) => buffer.onread.buffer() === shared);
    assert.equal(sharing().length, 1);
    const [last] = sharing() as [(typeof all)[0]];
    for (let fill = 2; fill <= 4; fill++) arrive(last.buffer, fill, readBytes);
    assert.deepEqual(
      last.kept,
      [1, 2, 3, 4].map((fill) => Buffer.alloc(readBytes, fill)),
      "copied",
    );
    first.buffer.close();
    arrive(last.buffer, 5, readBytes);
    assert.equal(sharing().length, 1, "the first: closed");
    for (const { buffer } of all) buffer.close();
    for (const { buffer } of all) buffer.close();
    const fresh = keeping();
    arrive(fresh.buffer, 1, readBytes);
    assert.notEqual(fresh.buffer.onread.buffer(), shared);
    fresh.buffer.close();
  });

  test("pauses the socket where the reader says so, and else never", () => {
    assert.equal(arrive(new ReadBuffer(() => false), 1, 1), false);
    assert.equal(arrive(new ReadBuffer(() => true), 1, 1), true);
    assert.equal(arrive(new ReadBuffer(() => {}), 1, 1), true);
  });

  test("keeps what many sockets at once send, byte for byte", async (t) => {
    const sizes = [1, 1000, 65_536, 100_000, 1_000_000, 65_535, 200_000, 5];
    const server = createServer((socket) => {
      socket.once("data", (chunk) => socket.end(Buffer.alloc(Number(chunk.toString()), sizes.indexOf(Number(chunk)))));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const read = async (size: number): Promise<Buffer> => {
      const { buffer, kept } = keeping();
      const socket = connect({ port, host: "127.0.0.1", onread: buffer.onread });
      socket.write(String(size));
      await once(socket, "close");
      buffer.close();
      return Buffer.concat(kept);
    };
    const all = await Promise.all([...sizes, ...sizes].map(read));
    for (const [index, bytes] of all.entries()) {
      const at = index % sizes.length;
      assert.ok(bytes.equals(Buffer.alloc(sizes[at] as number, at)), `${sizes[at]} bytes`);
    }
  });
});
