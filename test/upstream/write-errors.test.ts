import type { AddressInfo, Server, Socket } from "node:net";

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";

import { holdWriteErrors } from "../../gateway/upstream/write-errors.ts";

const bounded = { timeout: 15_000 };
const answer = Buffer.alloc(20_000, "answer ");

/** Answers the first bytes of each connection and closes it with bytes unread: the system then resets it. */
async function startAnsweringEarly(): Promise<{
  readonly server: Server;
  readonly port: number;
  readonly closed: () => Promise<void>;
}> {
  let closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.pause();
      socket.write(answer, () => socket.destroy());
    });
    socket.once("close", () => {
      closed.resolve();
      closed = Promise.withResolvers<void>();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port, closed: () => closed.promise };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Writes more than the far side reads, reading nothing meanwhile; then reads what there is to the end. */
async function exchanged(port: number, closed: Promise<void>, isCorked: boolean) {
  const socket = connect({ port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  const failures: Error[] = [];
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.on("error", () => {});
  holdWriteErrors(socket, (error) => void failures.push(error));
  await once(socket, "connect");
  socket.pause();
  // The read side ends by itself, with FIN or with an error; who holds the socket destroys it then.
  const ended = new Promise<void>((resolve) => socket.once("end", resolve).once("close", resolve));
  for (let n = 0; n < 8; n++) socket.write(Buffer.alloc(1024 * 1024));
  await closed;
  if (isCorked) socket.cork();
  for (let n = 0; n < 8; n++) socket.write(Buffer.alloc(1024));
  if (isCorked) socket.uncork();
  while (failures.length === 0) await nextTurn();
  assert.equal(socket.destroyed, false);
  socket.resume();
  await ended;
  socket.destroy();
  return { received: Buffer.concat(chunks), failures };
}

describe("an upstream that answers early and closes with bytes unread", bounded, () => {
  for (const isCorked of [false, true]) {
    test(`is heard whole, 15 times of 15, ${isCorked ? "with several writes at once" : "with one write at a time"}`, async (t) => {
      const { server, port, closed } = await startAnsweringEarly();
      t.after(() => server.close());
      for (let n = 0; n < 15; n++) {
        const { received, failures } = await exchanged(port, closed(), isCorked);
        assert.deepEqual([received.length, received.equals(answer)], [answer.length, true]);
        assert.equal(failures.length, 1, "it is told once");
        assert.match((failures[0] as NodeJS.ErrnoException).code ?? "", /^(?:EPIPE|ECONNRESET)$/);
      }
    });
  }
});

/** A stream whose writes end as the test says. */
class FakeSocket extends Duplex {
  readonly callbacks: Array<(error?: Error | null) => void> = [];

  override _read(): void {}
  override _write(_chunk: unknown, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.callbacks.push(callback);
  }
  override _writev(_chunks: unknown, callback: (error?: Error | null) => void): void {
    this.callbacks.push(callback);
  }
}

function fakeSocket() {
  const stream = new FakeSocket();
  const failures: Error[] = [];
  const errors: Error[] = [];
  stream.on("error", (error) => void errors.push(error));
  holdWriteErrors(stream as unknown as Socket, (error) => void failures.push(error));
  return { stream, failures, errors };
}

describe("a held write error", () => {
  test("leaves the stream as it is: nothing more is written, and what comes is read", async () => {
    const { stream, failures, errors } = fakeSocket();
    stream.write("a");
    stream.write("b");
    stream.callbacks.shift()?.(new Error("broken"));
    await nextTurn();
    assert.deepEqual([failures.length, errors.length, stream.destroyed], [1, 0, false]);
    assert.equal(stream.callbacks.length, 0, "b is not written");
    stream.push("late");
    const [late] = (await once(stream, "data")) as [Buffer];
    assert.equal(late.toString(), "late");
  });

  test("is none where writes succeed: the next ones follow", async () => {
    const { stream, failures } = fakeSocket();
    let flushed = 0;
    for (const text of ["a", "b", "c"]) stream.write(text, () => void flushed++);
    stream.callbacks.shift()?.();
    await nextTurn();
    stream.callbacks.shift()?.(null);
    await nextTurn();
    assert.deepEqual([flushed, failures.length, stream.writableLength], [3, 0, 0]);
  });

  test("of a stream that was destroyed is node's, whose callbacks are then called", async () => {
    const { stream, failures } = fakeSocket();
    let told: Error | null | undefined;
    stream.write("a", (error) => void (told = error));
    stream.destroy();
    stream.callbacks.shift()?.(new Error("broken"));
    await nextTurn();
    assert.deepEqual([failures.length, told instanceof Error], [0, true]);
  });
});
