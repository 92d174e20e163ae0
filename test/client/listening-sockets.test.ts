import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, test } from "node:test";

import { ListeningSockets } from "../../gateway/client/listening-sockets.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 10_000 };
const address = { host: "127.0.0.1", port: 0 };

class Stand implements AsyncDisposable {
  readonly accepted: Socket[] = [];
  readonly sockets = new ListeningSockets({}, (socket) => void this.accepted.push(socket));

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.accepted) socket.destroy();
    if (this.sockets.isListening) await this.sockets.close();
  }
}

/** Sockets that listen on this port, by the kernel's account: Linux's, as the addresses of loopback in other tests. */
function listeners(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1);
  return rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[1]?.endsWith(local) === true && row[3] === "0A")
    .length;
}

describe("the listening sockets of a process", bounded, () => {
  test("are eight on one port, and a connection may come to each", async () => {
    await using stand = new Stand();
    const port = await stand.sockets.open(address);
    assert.equal(listeners(port), 8);
    const clients = Array.from({ length: 100 }, () => connect({ host: "127.0.0.1", port }));
    await until(() => stand.accepted.length === 100);
    for (const client of clients) client.destroy();
    for (const socket of stand.accepted) socket.destroy();
    await stand.sockets.close();
    assert.equal(listeners(port), 0);
  });

  test("do not share the port with another gateway, though it be the same user's", async () => {
    await using first = new Stand();
    await using second = new Stand();
    const port = await first.sockets.open(address);
    await assert.rejects(second.sockets.open({ host: "127.0.0.1", port }), { code: "EADDRINUSE" });
    const client = connect({ host: "127.0.0.1", port });
    await once(client, "connect");
    await until(() => first.accepted.length === 1);
    client.destroy();
  });

  test("can listen again where another has stopped", async () => {
    await using first = new Stand();
    await using second = new Stand();
    const port = await first.sockets.open(address);
    await first.sockets.close();
    assert.equal(await second.sockets.open({ host: "127.0.0.1", port }), port);
  });

  test("are closed once all that they accepted has ended", async () => {
    await using stand = new Stand();
    const port = await stand.sockets.open(address);
    const client = connect({ host: "127.0.0.1", port });
    await until(() => stand.accepted.length === 1);
    let isClosed = false;
    const closed = stand.sockets.close().then(() => (isClosed = true));
    await assert.rejects(once(connect({ host: "127.0.0.1", port }), "connect"), { code: "ECONNREFUSED" });
    assert.deepEqual([stand.sockets.isListening, isClosed], [false, false]);
    client.destroy();
    stand.accepted[0]?.destroy();
    await closed;
  });
});
