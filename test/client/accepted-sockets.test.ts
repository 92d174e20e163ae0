import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { AcceptedSockets } from "../../gateway/client/accepted-sockets.ts";

let ports = 0;

/** A socket that closes when it is destroyed. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress: string | undefined;
  readonly remotePort = ++ports;
  destroyed = false;

  constructor(remoteAddress?: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}

const asSocket = (one: FakeSocket): Socket => one as unknown as Socket;

interface StandParts {
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly isSecure?: boolean;
}

function setUp({ maxConnections = 100, maxConnectionsPerAddress, isSecure = false }: StandParts = {}) {
  const idle: FakeSocket[] = [];
  const limitsOf = (most: number, share?: number) => ({ maxConnections: most, maxConnectionsPerAddress: share });
  const sockets = new AcceptedSockets(limitsOf(maxConnections, maxConnectionsPerAddress), isSecure, () => {
    const one = idle.shift();
    one?.destroy();
    return one !== undefined;
  });
  const accept = (address: string | undefined = "192.0.2.1"): FakeSocket => {
    const one = new FakeSocket(address);
    sockets.accept(asSocket(one));
    return one;
  };
  return { sockets, idle, accept, limitsOf };
}

describe("client connections", () => {
  test("are counted from accept to their end", () => {
    const { sockets, accept } = setUp();
    const one = accept();
    accept();
    assert.equal(sockets.open, 2);
    one.destroy();
    assert.deepEqual([sockets.open, sockets.dropped, sockets.reclaimed], [1, 0, 0]);
  });

  test("make room for one more by closing an idle one", () => {
    const { sockets, idle, accept } = setUp({ maxConnections: 2 });
    const [first, second] = [accept(), accept()];
    idle.push(first);
    const third = accept();
    assert.deepEqual([first.destroyed, second.destroyed, third.destroyed], [true, false, false]);
    assert.deepEqual([sockets.open, sockets.dropped, sockets.reclaimed], [2, 0, 1]);
  });

  test("are closed as they come where none is idle, and an error after that ends nothing", () => {
    const { sockets, accept } = setUp({ maxConnections: 1 });
    accept();
    const second = accept();
    assert.equal(second.destroyed, true);
    second.emit("error", new Error("reset"));
    assert.deepEqual([sockets.open, sockets.dropped, sockets.reclaimed], [1, 1, 0]);
  });

  test("are all destroyed at the end", () => {
    const { sockets, accept } = setUp();
    const all = [accept(), accept(), accept()];
    sockets.destroy();
    assert.ok(all.every(({ destroyed }) => destroyed));
    assert.equal(sockets.open, 0);
  });

  test("follow changed limits; those over them that stand may stay", () => {
    const { sockets, accept, limitsOf } = setUp();
    const all = [accept(), accept(), accept()];
    sockets.reconfigure(limitsOf(2));
    assert.ok(all.every(({ destroyed }) => !destroyed));
    assert.equal(accept().destroyed, true);
    sockets.reconfigure(limitsOf(4));
    assert.equal(accept().destroyed, false);
  });
});

describe("an address", () => {
  test("has its share, and beyond it closes nobody's idle connection", () => {
    const { sockets, idle, accept } = setUp({ maxConnectionsPerAddress: 2 });
    const first = accept("192.0.2.1");
    accept("192.0.2.1");
    idle.push(first);
    assert.equal(accept("192.0.2.1").destroyed, true);
    assert.equal(accept("192.0.2.2").destroyed, false);
    assert.deepEqual([first.destroyed, sockets.dropped, sockets.reclaimed], [false, 1, 0]);
    first.destroy();
    assert.equal(accept("192.0.2.1").destroyed, false);
  });

  test("is the same however the socket writes it: IPv4 on a dual-stack one, an IPv6 network", () => {
    const { accept } = setUp({ maxConnectionsPerAddress: 1 });
    accept("192.0.2.1");
    assert.equal(accept("::ffff:192.0.2.1").destroyed, true);
    accept("2001:db8:1:2::1");
    assert.equal(accept("2001:db8:1:2:3::9").destroyed, true);
    assert.equal(accept("2001:db8:1:3::1").destroyed, false);
  });

  test("may be gone already when its connection is accepted", () => {
    const { sockets } = setUp();
    const gone = new FakeSocket();
    sockets.accept(asSocket(gone));
    gone.destroy();
    assert.equal(sockets.open, 0);
  });
});

describe("TLS handshakes", () => {
  test("that are not complete end when the listener closes, and no other connection", () => {
    const { sockets, accept } = setUp({ isSecure: true });
    const [waiting, complete, left] = [accept(), accept(), accept()];
    sockets.served(asSocket(complete), { cancel() {} });
    left.destroy();
    sockets.closeHandshaking();
    assert.deepEqual([waiting.destroyed, complete.destroyed, sockets.open], [true, false, 1]);
  });

  test("are none without TLS", () => {
    const { sockets, accept } = setUp();
    const one = accept();
    sockets.closeHandshaking();
    assert.equal(one.destroyed, false);
  });
});

test("whatever comes and goes, the counts are those of the sockets that stand", () => {
  const addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"];
  const groups = [0, 1, 2, 2];
  const step = fc.record({ address: fc.nat(3), closes: fc.option(fc.nat(20)), isIdle: fc.boolean() });
  const property = fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, share) => {
    const { sockets, idle, accept } = setUp({ maxConnections: 8, maxConnectionsPerAddress: share });
    const all: Array<{ readonly socket: FakeSocket; readonly group: number }> = [];
    const standing = () => all.filter(({ socket }) => !socket.destroyed);
    for (const { address, closes, isIdle } of steps) {
      if (closes !== null) standing()[closes]?.socket.destroy();
      const group = groups[address] as number;
      const isOverShare = standing().filter((one) => one.group === group).length >= share;
      idle.splice(0, idle.length, ...idle.filter(({ destroyed }) => !destroyed));
      const hasRoom = standing().length < 8 || idle.length > 0;
      const socket = accept(addresses[address]);
      assert.equal(socket.destroyed, isOverShare || !hasRoom);
      all.push({ socket, group });
      if (isIdle && !socket.destroyed) idle.push(socket);
      assert.equal(sockets.open, standing().length);
    }
  });
  fc.assert(property, { numRuns: 200 });
});
