import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BodyConsumer } from "../../gateway/exchange/downstream.ts";

import { begin, ConnectionStand, ended, requestText, responseText, turn, waitLimits } from "./connection-stand.ts";

/** Reads a body and keeps it. */
class Reading implements BodyConsumer {
  text = "";
  isEnded = false;

  data(chunk: Buffer): void {
    this.text += chunk.toString("latin1");
  }

  end(): void {
    this.isEnded = true;
  }
}

const targets = (stand: ConnectionStand): string[] => stand.requests.map(({ head }) => head.target);

describe("requests on one connection", () => {
  test("are handed over one at a time, the next not before the one before has ended", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1") + requestText("/2") + requestText("/3"));
    assert.deepEqual(targets(stand), ["/1"]);
    begin(stand.request, 4);
    stand.request.response.end("fine");
    await turn();
    assert.deepEqual(targets(stand), ["/1"], "its exchange is not over");
    await ended(stand.request);
    await turn();
    assert.deepEqual(targets(stand), ["/1", "/2"]);
    await stand.answer();
    await stand.answer();
    assert.equal(stand.client.output, ["/1", "/2", "/3"].map((target) => responseText(target)).join(""));
  });

  test("answered at once do not pile up on the stack, however many came together", async () => {
    const stand = new ConnectionStand({ maxHeaderSize: 1_000_000, maxRequestsPerSocket: 10_000 });
    stand.onRequest = (one) => {
      begin(one, 0);
      one.response.end();
      one.exchangeEnded(false);
    };
    await stand.send(Array.from({ length: 5000 }, (_, n) => requestText(`/${n}`)).join(""));
    assert.equal(stand.requests.length, 5000);
    assert.deepEqual(stand.faults, []);
  });

  test("may have empty lines before them", async () => {
    const stand = new ConnectionStand();
    await stand.send(`\r\n\r\n${requestText("/1")}`);
    await stand.answer();
    await stand.send(`\r\n${requestText("/2")}`);
    assert.deepEqual(targets(stand), ["/1", "/2"]);
  });

  test("end with the last that one connection may have", async () => {
    const stand = new ConnectionStand({ maxRequestsPerSocket: 2 });
    await stand.send(requestText("/1") + requestText("/2") + requestText("/3"));
    await stand.answer();
    await stand.answer();
    assert.deepEqual(targets(stand), ["/1", "/2"]);
    assert.ok(stand.client.output.endsWith(responseText("/2", "fine", "connection: close")));
    assert.equal(stand.client.writableEnded, true);
  });

  test("end with one that asks for it, or whose exchange does", async () => {
    for (const [fields, isLast] of [
      ["Connection: close\r\n", false],
      ["", true],
    ] as const) {
      const stand = new ConnectionStand();
      await stand.send(requestText("/1", { fields }));
      await stand.answer("fine", stand.request, isLast);
      assert.equal(stand.client.output, responseText("/1", "fine", "connection: close"));
      assert.equal(stand.client.destroyed, true);
    }
  });
});

describe("what comes behind a request that is served", () => {
  test("is read on up to the size of a head, then the client has to wait", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    await stand.send("G".repeat(1000));
    assert.equal(stand.client.isPaused(), false);
    await stand.send("G");
    assert.equal(stand.client.isPaused(), true);
  });

  test("is read again once there is room", async () => {
    const stand = new ConnectionStand();
    const more = Array.from({ length: 30 }, (_, n) => requestText(`/${n + 2}`)).join("");
    await stand.send(requestText("/1"));
    await stand.send(more);
    assert.equal(stand.client.isPaused(), true);
    for (let n = 0; n < 29; n++) await stand.answer();
    assert.equal(stand.client.isPaused(), true, "of what is nearly taken there would be two reads");
    await stand.answer();
    assert.equal(stand.client.isPaused(), false);
    assert.equal(stand.requests.length, 31);
  });

  test("ends the connection also where some of it was served, and nothing is taken from then on", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1").repeat(30));
    await stand.answer();
    await stand.answer();
    await stand.pass(waitLimits.overfull + 2000);
    assert.equal(stand.client.destroyed, true);
    assert.deepEqual(stand.codes, ["client_closed"]);
  });

  test("is dropped where all connections hold too much of it: the present request is the last one", async () => {
    const stand = new ConnectionStand();
    while (stand.pipelined.hold(1024 * 1024));
    await stand.send(requestText("/1"));
    await stand.send(requestText("/2").repeat(30));
    assert.equal(stand.client.isPaused(), false, "who leaves is seen");
    await stand.send(requestText("/3"));
    await stand.answer();
    assert.equal(stand.client.output, responseText("/1", "fine", "connection: close"));
    assert.deepEqual([stand.client.writableEnded, stand.client.destroyed], [true, false], "it lingers");
  });

  test("is dropped so behind a response that has begun, too", async () => {
    const stand = new ConnectionStand();
    while (stand.pipelined.hold(1024 * 1024));
    await stand.send(requestText("/1"));
    begin(stand.request, 4);
    await stand.send(requestText("/2").repeat(30));
    stand.request.response.end("fine");
    await ended(stand.request);
    await turn();
    assert.equal(stand.client.output, responseText("/1"));
    assert.deepEqual([stand.client.writableEnded, targets(stand)], [true, ["/1"]]);
  });

  test("is not dropped where it belongs to the body of the request", async () => {
    const stand = new ConnectionStand();
    while (stand.pipelined.hold(1024 * 1024));
    await stand.send(requestText("/1", { method: "POST", fields: "Content-Length: 3000\r\n" }));
    await stand.send("x".repeat(3000));
    assert.equal(stand.client.isPaused(), true);
    const reading = new Reading();
    stand.request.read(reading);
    assert.deepEqual([reading.text.length, reading.isEnded], [3000, true]);
    assert.equal(stand.client.isPaused(), false);
  });

  test("counts behind a body that was waiting, too, once that is read", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { method: "POST", fields: "Content-Length: 3000\r\n" }));
    await stand.send("x".repeat(3000) + requestText("/2").repeat(30));
    assert.equal(stand.pipelined.heldBytes, 0);
    stand.request.read(new Reading());
    assert.equal(stand.pipelined.heldBytes, 30 * requestText("/2").length);
    assert.equal(stand.client.isPaused(), true);
  });

  test("counts no more once the connection lingers", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1") + requestText("/2").repeat(30));
    await turn();
    assert.ok(stand.pipelined.heldBytes > 1000);
    await stand.answer("fine", stand.request, true);
    assert.deepEqual([stand.pipelined.heldBytes, stand.client.destroyed], [0, false]);
    assert.equal(stand.client.isPaused(), false);
  });

  test("leaves the queue with its connection", async () => {
    const stand = new ConnectionStand();
    stand.client.arrive(requestText("/1").repeat(2));
    await Promise.resolve();
    stand.client.destroy();
    await turn();
    assert.deepEqual([stand.pipelined.size, stand.requests.length], [0, 0]);
  });

  test("counts for all connections as long as it is held", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    await stand.send(requestText("/2").repeat(30));
    assert.ok(stand.pipelined.heldBytes > 1000);
    stand.client.destroy();
    await turn();
    assert.equal(stand.pipelined.heldBytes, 0);
  });

  test("ends the connection where the client sends too much and takes nothing for the whole time", async () => {
    const stand = new ConnectionStand();
    stand.client.block();
    await stand.send(requestText("/1"));
    begin(stand.request, 2000);
    stand.request.response.write(Buffer.alloc(500));
    stand.request.response.write(Buffer.alloc(500));
    await stand.send("G".repeat(2000));
    await stand.pass(waitLimits.overfull - 1000);
    stand.client.takeOne();
    await stand.pass(waitLimits.overfull - 1000);
    assert.equal(stand.client.destroyed, false, "it took something meanwhile");
    await stand.pass(waitLimits.overfull + 2000);
    assert.equal(stand.client.destroyed, true);
    assert.deepEqual(stand.codes, ["client_closed"]);
  });
});

describe("a request's body", () => {
  test("is read a quarter of a megabyte at a time, so that others are looked at on the way", async () => {
    const stand = new ConnectionStand();
    const bytes = 1_000_000;
    await stand.send(requestText("/1", { method: "POST", fields: `Content-Length: ${bytes}\r\n` }));
    const reading = new Reading();
    stand.request.read(reading);
    const atOnce: number[] = [];
    for (let sent = 0; sent < bytes;) {
      let taken = 0;
      for (; !stand.client.isPaused() && sent < bytes; sent += 50_000, taken += 50_000) {
        stand.client.arrive(Buffer.alloc(50_000));
        await Promise.resolve();
      }
      atOnce.push(taken);
      await turn();
    }
    assert.deepEqual(atOnce, [300_000, 300_000, 300_000, 100_000]);
    assert.deepEqual([reading.text.length, reading.isEnded], [bytes, true]);
  });

  test("that is given over with the socket is not read on by the connection", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { fields: "Connection: Upgrade\r\nUpgrade: websocket\r\n" }));
    const takeover = stand.request.takeOver();
    stand.client.arrive(Buffer.alloc(300_000));
    takeover.complete();
    await turn();
    assert.equal(stand.client.isPaused(), true);
  });

  test("is read from what has come with the head, and then as it comes", async () => {
    const stand = new ConnectionStand();
    await stand.send(`${requestText("/1", { method: "POST", fields: "Content-Length: 10\r\n" })}01234`);
    const reading = new Reading();
    stand.request.read(reading);
    assert.equal(reading.text, "01234");
    await stand.send("56789GET");
    assert.deepEqual([reading.text, reading.isEnded], ["0123456789", true]);
    assert.equal(stand.request.isComplete, true);
  });

  test("is handed over whole where all of it has come, once", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { method: "POST", body: "0123456789" }) + requestText("/2"));
    assert.equal(stand.request.takeWhole()?.toString(), "0123456789");
    assert.equal(stand.request.takeWhole(), undefined);
    await stand.answer();
    assert.deepEqual(targets(stand), ["/1", "/2"]);
  });

  test("is not handed over whole once some of it was read, though as many bytes have come behind it", async () => {
    const stand = new ConnectionStand();
    await stand.send(`${requestText("/1", { method: "POST", fields: "Content-Length: 4\r\n" })}bo`);
    const reading = new Reading();
    stand.request.read(reading);
    stand.request.stop();
    await stand.send(`dy${requestText("/2")}`);
    assert.equal(stand.request.takeWhole(), undefined);
    stand.request.read(reading);
    assert.deepEqual([reading.text, reading.isEnded], ["body", true]);
    await stand.answer();
    assert.deepEqual(targets(stand), ["/1", "/2"]);
  });

  test("waits where the reader pauses, in chunks as by length", async () => {
    for (const [fields, text] of [
      ["Content-Length: 10\r\n", "0123456789"],
      ["Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"],
    ] as const) {
      const stand = new ConnectionStand();
      await stand.send(requestText("/1", { method: "POST", fields }));
      const reading = new Reading();
      stand.request.read(reading);
      stand.request.pause();
      await stand.send(text);
      assert.equal(reading.text, "");
      stand.request.resume();
      assert.deepEqual([reading.text, reading.isEnded], ["0123456789", true]);
    }
  });

  test("of broken chunks cancels its exchange, with the rule that they break", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { method: "POST", fields: "Transfer-Encoding: chunked\r\n" }));
    stand.request.read(new Reading());
    await stand.send("zz\r\n");
    assert.deepEqual(stand.codes, ["malformed_request"]);
    const [reason] = stand.cancelled[0] ?? [];
    assert.ok(reason?.cause instanceof Error && "code" in reason.cause && reason.cause.code === "chunk_size");
  });

  test("that nobody reads is read past where it is small, and the connection goes on", async () => {
    const stand = new ConnectionStand();
    await stand.send(`${requestText("/1", { method: "POST", fields: "Content-Length: 10\r\n" })}01234`);
    await stand.answer();
    assert.equal(stand.client.output, responseText("/1"));
    await stand.send(`56789${requestText("/2")}`);
    assert.deepEqual(targets(stand), ["/1", "/2"]);
  });

  test("that nobody reads, and that may be long, ends the connection: the rest is read and dropped for a while", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { method: "POST", fields: "Transfer-Encoding: chunked\r\n" }));
    await stand.answer();
    assert.equal(stand.client.output, responseText("/1", "fine", "connection: close"));
    assert.deepEqual([stand.client.writableEnded, stand.client.destroyed], [true, false]);
    for (let n = 0; n < 9; n++) {
      await stand.pass(3000);
      await stand.send("x".repeat(100_000));
    }
    assert.equal(stand.client.destroyed, false, "no total of bytes ends it");
    await stand.pass(3000);
    await stand.send("x");
    assert.equal(stand.client.destroyed, true, "but half a minute does");
    assert.equal(stand.requests.length, 1);
  });

  test("dropped after the last response is awaited for five seconds of silence", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1", { method: "POST", fields: "Content-Length: 100000\r\n" }));
    await stand.answer();
    await stand.pass(waitLimits.linger - 500);
    assert.equal(stand.client.destroyed, false);
    await stand.pass(1500);
    assert.equal(stand.client.destroyed, true);
  });

  test("is asked for with 100 (Continue) once, of an HTTP/1.1 client alone", async () => {
    const fields = "Expect: 100-continue\r\nContent-Length: 3\r\n";
    for (const [version, interim] of [
      ["1.1", "HTTP/1.1 100 Continue\r\n\r\n"],
      ["1.0", ""],
    ] as const) {
      const stand = new ConnectionStand();
      await stand.send(requestText("/1", { method: "POST", fields }).replace("HTTP/1.1", `HTTP/${version}`));
      assert.equal(stand.request.owesContinue, version === "1.1");
      stand.request.sendContinue();
      stand.request.sendContinue();
      await turn();
      assert.equal(stand.client.output, interim);
    }
  });
});

describe("a client's FIN", () => {
  test("between requests ends the connection", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    await stand.answer();
    await stand.fin();
    assert.equal(stand.client.destroyed, true);
  });

  test("within a head is answered as incomplete", async () => {
    const stand = new ConnectionStand();
    await stand.send("GET / HTTP/1.1\r\nHos");
    await stand.fin();
    assert.equal(stand.request.failure?.code, "malformed_request");
    await stand.answer();
    assert.ok(stand.client.output.endsWith("connection: close\r\n\r\nfine"));
    assert.equal(stand.client.destroyed, true);
  });

  test("within a body cancels the exchange, once the body is read to its end", async () => {
    const stand = new ConnectionStand();
    await stand.send(`${requestText("/1", { method: "POST", fields: "Content-Length: 10\r\n" })}01234`);
    await stand.fin();
    assert.deepEqual(stand.codes, []);
    const reading = new Reading();
    stand.request.read(reading);
    assert.deepEqual([reading.text, reading.isEnded, stand.codes], ["01234", false, ["malformed_request"]]);
  });

  test("behind a request means that it is served, or that its client has left, as configured", async () => {
    const served = new ConnectionStand();
    await served.send(requestText("/1") + requestText("/2"));
    await served.fin();
    assert.deepEqual(served.codes, []);
    await served.answer();
    assert.deepEqual(targets(served), ["/1", "/2"]);
    await served.answer();
    assert.equal(served.client.output, responseText("/1") + responseText("/2"));
    assert.equal(served.client.destroyed, true);
    const cancelled = new ConnectionStand({ halfClose: "cancel" });
    await cancelled.send(requestText("/1"));
    await cancelled.fin();
    assert.deepEqual(cancelled.codes, ["client_closed"]);
  });

  test("means that the client has left once the response's head is out", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    begin(stand.request, null);
    stand.request.response.write(Buffer.from("half"));
    await stand.fin();
    assert.deepEqual(stand.codes, ["client_closed"]);
  });
});

describe("a client that resets", () => {
  test("cancels the exchange that is under way, once", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1") + requestText("/2"));
    stand.client.reset();
    await turn();
    assert.deepEqual([stand.codes, stand.requests.length], [["client_closed"], 1]);
    await ended(stand.request);
    assert.deepEqual([stand.requests.length, stand.faults.length, stand.buffers.usedBytes], [1, 0, 0]);
  });

  test("after the response is out cancels nothing", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    begin(stand.request, 4);
    stand.request.response.end("fine");
    stand.client.reset();
    await turn();
    assert.deepEqual(stand.codes, []);
  });

  test("while bytes wait for it is told to who waits for them, and they are given back", async () => {
    const stand = new ConnectionStand();
    stand.client.block();
    await stand.send(requestText("/1"));
    begin(stand.request, null);
    const { response: writer } = stand.request;
    assert.equal(writer.write(Buffer.alloc(600)), true);
    assert.equal(writer.write(Buffer.alloc(600)), false);
    assert.ok(stand.buffers.usedBytes >= 1200);
    const told: string[] = [];
    writer.onceFlushed({ flushed: () => told.push("flushed"), gone: () => told.push("gone") });
    stand.client.reset();
    await turn();
    assert.deepEqual([told, stand.buffers.usedBytes], [["gone"], 0]);
    writer.onceFlushed({ flushed: () => told.push("flushed"), gone: () => told.push("late") });
    assert.deepEqual(told, ["gone", "late"]);
  });
});

describe("a client that is awaited for too long", () => {
  test("is not answered where not one byte of a request came", async () => {
    const stand = new ConnectionStand();
    await stand.pass(waitLimits.head + 1000);
    assert.deepEqual([stand.client.destroyed, stand.requests.length], [true, 0]);
  });

  test("is told so where its head had begun", async () => {
    const stand = new ConnectionStand();
    await stand.send("GET / HT");
    for (let n = 0; n < 10; n++) {
      await stand.pass(1000);
      await stand.send("T");
    }
    await stand.pass(1500);
    assert.equal(stand.request.failure?.code, "client_timeout");
    await stand.answer();
    assert.ok(stand.client.output.endsWith("connection: close\r\n\r\nfine"));
  });

  test("is closed after its idle time, and a request that comes before is served", async () => {
    const stand = new ConnectionStand();
    for (const target of ["/1", "/2"]) {
      await stand.send(requestText(target));
      await stand.answer();
      await stand.pass(waitLimits.idle - 1000);
    }
    assert.equal(stand.client.destroyed, false);
    await stand.pass(3000);
    assert.equal(stand.client.destroyed, true);
  });

  test("is waited for by nobody while its request is served", async () => {
    const stand = new ConnectionStand();
    await stand.send(requestText("/1"));
    await stand.pass(600_000, 10_000);
    assert.equal(stand.client.destroyed, false);
    await stand.answer();
    assert.equal(stand.client.output, responseText("/1"));
  });
});

describe("a listener that closes", () => {
  test("ends connections on which nothing is under way, and leaves one that has begun to send", async () => {
    const [silent, idle, sending, served] = [0, 1, 2, 3].map(() => new ConnectionStand()) as [
      ConnectionStand,
      ConnectionStand,
      ConnectionStand,
      ConnectionStand,
    ];
    await idle.send(requestText("/1"));
    await idle.answer();
    await sending.send("GET / HT");
    await served.send(requestText("/1"));
    for (const { waits } of [silent, idle, sending, served]) waits.closeIdle();
    assert.deepEqual(
      [silent, idle, sending, served].map(({ client }) => client.destroyed),
      [true, true, false, false],
    );
  });
});

describe("a connection that is taken over", () => {
  const upgrade = requestText("/1", { fields: "Connection: Upgrade\r\nUpgrade: websocket\r\n" });

  test("is left with what was read behind the request, paused and without listeners of ours", async () => {
    const stand = new ConnectionStand();
    await stand.send(`${upgrade}first frame`);
    const takeover = stand.request.takeOver();
    assert.equal(takeover.complete().toString(), "first frame");
    assert.equal(takeover.socket, stand.client.socket);
    assert.deepEqual([stand.client.listenerCount("data"), stand.client.isPaused()], [0, true]);
    await stand.pass(600_000, 10_000);
    assert.equal(stand.client.destroyed, false, "nothing of HTTP waits for it");
    stand.client.reset();
    await turn();
    assert.deepEqual([stand.codes, stand.faults], [[], []]);
    stand.request.exchangeEnded(true);
  });

  test("may not be half: a FIN before or after means that the client has left", async () => {
    for (const isBefore of [true, false]) {
      const stand = new ConnectionStand();
      await stand.send(upgrade);
      if (isBefore) await stand.fin();
      stand.request.takeOver();
      if (!isBefore) await stand.fin();
      assert.deepEqual(stand.codes, ["client_closed"]);
    }
  });

  test("is a client connection as ever where the handshake is refused", async () => {
    const stand = new ConnectionStand();
    await stand.send(upgrade + requestText("/2"));
    stand.request.takeOver();
    await stand.answer();
    assert.deepEqual(targets(stand), ["/1", "/2"]);
  });
});

describe("a fault of ours", () => {
  test("ends that connection and is told to its exchange as internal", async () => {
    const stand = new ConnectionStand();
    const bug = new TypeError("x is not a function");
    await stand.send(requestText("/1", { method: "POST", fields: "Content-Length: 10\r\n" }));
    stand.request.read({
      data: () => {
        throw bug;
      },
      end() {},
    });
    await stand.send("01234");
    assert.deepEqual([stand.codes, stand.client.destroyed, stand.faults], [["internal", "client_closed"], true, []]);
    assert.equal(stand.cancelled[0]?.[0]?.cause, bug);
  });

  test("with no exchange to tell is reported", async () => {
    const stand = new ConnectionStand();
    const bug = new TypeError("x is not a function");
    stand.onRequest = (one) => {
      begin(one, 0);
      one.response.end();
      throw bug;
    };
    await stand.send(requestText("/1"));
    assert.deepEqual([stand.faults, stand.client.destroyed], [[bug], true]);
  });
});
