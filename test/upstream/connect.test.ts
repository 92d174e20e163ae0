import type { AddressInfo, Server, Socket } from "node:net";

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { TLSSocket, createServer as createTlsServer } from "node:tls";

import type { ConnectPhase, Endpoint, TlsEndpoint } from "../../gateway/upstream/connect.ts";

import { openConnection } from "../../gateway/upstream/connect.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 10_000 };
const certificates = new URL("../support/certs/", import.meta.url);
const pem = (name: string): Buffer => readFileSync(new URL(name, certificates));

/** Notes how a connection came about. */
class Connecting implements Disposable {
  readonly phases: ConnectPhase[] = [];
  readonly socket: Socket;
  connected: Socket | undefined;
  error: NodeJS.ErrnoException | undefined;

  constructor(endpoint: Endpoint) {
    this.socket = openConnection(endpoint, {
      phase: (phase) => this.phases.push(phase),
      connected: (socket) => (this.connected = socket),
      failed: (error) => (this.error = error),
    });
  }

  get isOver(): boolean {
    return this.connected !== undefined || this.error !== undefined;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

async function open(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await open(server);
  server.close();
  await once(server, "close");
  return port;
}

const tlsTo = (options: TlsEndpoint["options"]): TlsEndpoint => ({ options, session: undefined });
const trusting = { ca: pem("ca.pem"), servername: "localhost" };

async function tlsServer(certificate: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createTlsServer({ cert: pem(`${certificate}.pem`), key: pem(`${certificate}.key`) });
  server.on("tlsClientError", () => {});
  return { server, port: await open(server) };
}

describe("opening a connection", bounded, () => {
  test("to an address is connect, and then connected", async (t) => {
    const server = createServer((socket) => void socket.on("error", () => {}));
    t.after(() => server.close());
    using it = new Connecting({ hostname: "127.0.0.1", port: await open(server), tls: undefined });
    assert.deepEqual(it.phases, ["connect"]);
    await until(() => it.isOver);
    assert.equal(it.connected, it.socket);
    assert.deepEqual(it.phases, ["connect"]);
  });

  test("to a name is dns, then connect", async (t) => {
    const server = createServer((socket) => void socket.on("error", () => {}));
    t.after(() => server.close());
    using it = new Connecting({ hostname: "localhost", port: await open(server), tls: undefined });
    assert.deepEqual(it.phases, ["dns"]);
    await until(() => it.isOver);
    assert.deepEqual(it.phases, ["dns", "connect"]);
    assert.ok(it.connected !== undefined);
  });

  test("to a name that has no address fails in dns", async () => {
    using it = new Connecting({ hostname: "nowhere.invalid", port: 9, tls: undefined });
    await until(() => it.isOver);
    assert.deepEqual(it.phases, ["dns"]);
    assert.match(it.error?.code ?? "", /^(?:ENOTFOUND|EAI_AGAIN)$/);
  });

  test("to a port where nobody listens fails in connect", async () => {
    using it = new Connecting({ hostname: "127.0.0.1", port: await freePort(), tls: undefined });
    await until(() => it.isOver);
    assert.deepEqual(it.phases, ["connect"]);
    assert.equal(it.error?.code, "ECONNREFUSED");
  });

  test("over TLS is connect, then tls", async (t) => {
    const { server, port } = await tlsServer("valid");
    t.after(() => server.close());
    using it = new Connecting({ hostname: "127.0.0.1", port, tls: tlsTo({ ...trusting, servername: "" }) });
    await until(() => it.isOver);
    assert.deepEqual(it.phases, ["connect", "tls"]);
    assert.equal(it.error, undefined);
  });

  test("over TLS with a certificate nobody vouches for fails in tls", async (t) => {
    const { server, port } = await tlsServer("self-signed");
    t.after(() => server.close());
    using it = new Connecting({ hostname: "127.0.0.1", port, tls: tlsTo(trusting) });
    await until(() => it.isOver);
    assert.deepEqual(it.phases, ["connect", "tls"]);
    assert.equal(it.error?.code, "DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  test("over TLS keeps the session and resumes it with the next connection", async (t) => {
    const { server, port } = await tlsServer("valid");
    t.after(() => server.close());
    const endpoint = { hostname: "127.0.0.1", port, tls: tlsTo({ ...trusting, servername: "" }) };
    using first = new Connecting(endpoint);
    first.socket.resume();
    await until(() => endpoint.tls.session !== undefined);
    using second = new Connecting(endpoint);
    await until(() => second.isOver);
    assert.ok(second.socket instanceof TLSSocket);
    assert.equal(second.socket.isSessionReused(), true);
  });
});

describe("giving a connection up", bounded, () => {
  for (const hostname of ["127.0.0.1", "localhost"]) {
    test(`while it is being made, to ${hostname}, tells nobody and raises nothing`, async (t) => {
      const server = createServer((socket) => void socket.on("error", () => {}));
      t.after(() => server.close());
      const it = new Connecting({ hostname, port: await open(server), tls: undefined });
      it.socket.destroy();
      await until(() => it.socket.closed);
      assert.equal(it.isOver, false);
    });
  }

  test("during its TLS handshake tells nobody and raises nothing", async (t) => {
    const server = createServer((socket) => void socket.on("error", () => {}));
    t.after(() => server.close());
    const it = new Connecting({ hostname: "127.0.0.1", port: await open(server), tls: tlsTo(trusting) });
    await until(() => it.phases.includes("tls"));
    it.socket.destroy();
    await until(() => it.socket.closed);
    assert.equal(it.isOver, false);
  });

  test("an error after it is made is taken, and not told as a failed connection", async (t) => {
    const server = createServer((socket) => void socket.on("error", () => {}));
    t.after(() => server.close());
    using it = new Connecting({ hostname: "127.0.0.1", port: await open(server), tls: undefined });
    await until(() => it.isOver);
    it.socket.destroy(new Error("the upstream reset it"));
    await until(() => it.socket.closed);
    assert.equal(it.error, undefined);
  });
});
