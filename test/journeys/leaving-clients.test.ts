import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls, createSecureContext } from "node:tls";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { settle, socketsOf } from "../support/gateway-standing.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { GatewayVitals } from "../support/gateway-vitals.ts";
import { requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { caFile, pairFiles } from "../support/tls-upstream.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 60_000 };
const clients = 30;
/** Longer than any wait for what is left, so that a time-out of the settling says that it stays. */
const settleWithinMs = 5000;

/** TCP, and where it is spoken TLS on it: either can be ended by itself. */
interface Line {
  readonly bare: Socket;
  readonly socket: Socket;
}

async function open({ port }: GatewayProcess, secureContext: SecureContext | undefined): Promise<Line> {
  const bare = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  bare.on("error", () => undefined);
  const isSecure = secureContext !== undefined;
  const socket = isSecure ? connectTls({ socket: bare, secureContext, servername: "localhost" }) : bare;
  socket.on("error", () => undefined);
  await once(socket, isSecure ? "secureConnect" : "connect");
  return { bare, socket };
}

interface Leaving {
  readonly script: UpstreamScript;
  readonly isSecure: boolean;
  /** What each client does from its request on, until it is gone. */
  readonly leave: (line: Line) => Promise<void>;
}

/** One client after the other leaves. Resolves with the codes of all access lines, when nothing stands any more. */
async function codesOfLeaving({ script, isSecure, leave }: Leaving): Promise<readonly unknown[]> {
  await using upstream = await startUpstream(script);
  const listen = { keepAlive: "5s", ...(isSecure ? { tls: pairFiles("valid") } : {}) };
  const timeouts = { keepAlive: "200ms" };
  await using gateway = await spawnGateway(singleRoute({ target: upstream.url, listen, upstream: { timeouts } }));
  const vitals = await GatewayVitals.of(gateway);
  const before = socketsOf(vitals.pids);
  const secureContext = isSecure ? createSecureContext({ ca: readFileSync(caFile) }) : undefined;
  for (let n = 0; n < clients; n += 1) {
    const line = await open(gateway, secureContext);
    line.socket.write(requestBytes());
    await leave(line);
    line.socket.destroy();
    line.bare.destroy();
  }
  await settle(gateway, { pids: vitals.pids, before, withinMs: settleWithinMs });
  await vitals.assertWhole();
  return gateway.log.lines.filter(({ event }) => event === "request").map(({ code }) => code);
}

const body = "x".repeat(200_000);
const large = answering(responseBytes("200 OK", body));

/** Calls `act` in the very moment in which the last byte of the answer is there. */
async function whenWhole({ socket }: Line, act: () => void): Promise<void> {
  let received = "";
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (!received.endsWith(body)) return;
      act();
      resolve();
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a client that leaves", () => {
  test("with FIN and RST before an answer in two chunks leaves no exchange behind", bounded, async () => {
    const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    const codes = await codesOfLeaving({
      script: answering(chunks),
      isSecure: false,
      leave: async ({ socket }) => {
        socket.end();
        await once(socket, "finish");
        socket.resetAndDestroy();
      },
    });
    assert.equal(codes.length, clients);
  });

  const leavings: ReadonlyArray<readonly [how: string, leave: (line: Line) => void]> = [
    ["FIN", ({ socket }) => socket.end()],
    ["FIN without TLS's close_notify", ({ bare }) => bare.end()],
    ["closing", ({ socket }) => socket.destroy()],
  ];
  for (const isSecure of [false, true]) {
    const where = isSecure ? "over TLS" : "over TCP";
    for (const [how, leave] of leavings) {
      test(`with ${how} when all of its answer is there, ${where}, has been served`, bounded, async () => {
        const act = (line: Line): Promise<void> => whenWhole(line, () => leave(line));
        const codes = await codesOfLeaving({ script: large, isSecure, leave: act });
        assert.deepEqual(
          codes,
          Array.from({ length: clients }, () => ""),
        );
      });
    }

    test(`with RST when all of its answer is there, ${where}, leaves nothing behind`, bounded, async () => {
      const act = (line: Line): Promise<void> => whenWhole(line, () => line.bare.resetAndDestroy());
      const codes = await codesOfLeaving({ script: large, isSecure, leave: act });
      assert.equal(codes.length, clients);
    });
  }
});
