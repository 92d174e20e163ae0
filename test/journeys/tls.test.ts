import type { TLSSocket } from "node:tls";

import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";

import type { Certificate } from "../support/tls-upstream.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { connectTls, connectTlsClient } from "../support/tls-client.ts";
import { caFile, pairFiles } from "../support/tls-upstream.ts";
import { until } from "../support/until.ts";
import { answering, ok, sayingAndClosing } from "../support/upstream-scripts.ts";
import { echoingBytes, handshakeBytes } from "../support/websocket.ts";
import { CertificateFolder } from "./certificate-reload.ts";

const bounded = { timeout: 15_000 };

async function secureFront(
  stage: Stage,
  { script = answering(), listen = {}, tls = {} }: { script?: UpstreamScript; listen?: object; tls?: object } = {},
) {
  return stage.front(script, {
    route: { websocket: true },
    listen: { ...listen, tls: { ...pairFiles("valid"), ...tls } },
  });
}

async function handshakeErrors(stage: Stage): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`)).text();
  return Number(/^statuswise_tls_handshake_errors_total (\d+)$/m.exec(text)?.[1]);
}

describe("a listener with TLS", () => {
  test("serves HTTP/1.1, and the upstream hears that it was https", bounded, async () => {
    await using stage = new Stage();
    const upstream = await secureFront(stage);
    using client = await connectTlsClient(stage.gateway.port);
    client.send(
      requestBytes({
        fields: [
          ["X-Forwarded-Client-Cert", "forged"],
          ["Client-Cert", ":forged:"],
        ],
      }),
    );
    assert.equal((await client.response()).status, 200);
    const { fields } = await upstream.request(1);
    assert.equal(valueOf(fields, "x-forwarded-proto"), "https");
    for (const name of ["x-forwarded-client-cert", "client-cert"]) assert.deepEqual(valuesOf(fields, name), [], name);
  });

  test("agrees to HTTP/1.1 alone, and to TLS 1.2 and 1.3", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage);
    const { port } = stage.gateway;
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const options = { minVersion: version, maxVersion: version, ALPNProtocols: ["h2", "http/1.1"] };
      const socket = await connectTls(port, options);
      assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, "http/1.1"]);
      // The server has seen the handshake to its end only once it answers.
      socket.end(requestBytes());
      await once(socket.resume(), "close");
    }
    await assert.rejects(connectTls(port, { ALPNProtocols: ["h2"] }));
    await assert.rejects(connectTls(port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }));
    assert.equal(await handshakeErrors(stage), 2);
  });

  test("ends a connection that speaks plainly, or garbage, and goes on", bounded, async () => {
    await using stage = new Stage();
    const upstream = await secureFront(stage);
    for (const bytes of [requestBytes(), Buffer.alloc(300, 0xff), Buffer.of(0x16, 3, 1, 0xff, 0xff)]) {
      using client = await connectClient(stage.gateway.port);
      client.send(bytes);
      client.fin();
      await client.ended;
      assert.doesNotMatch(client.received.toString("latin1"), /HTTP/);
    }
    await until(async () => (await handshakeErrors(stage)) === 3);
    assert.equal(upstream.requests.length, 0);
    using client = await connectTlsClient(stage.gateway.port);
    client.send(requestBytes());
    assert.equal((await client.response()).status, 200);
  });

  test("gives a handshake as long as a request head", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage, { listen: { headersTimeout: "300ms" } });
    using client = await connectClient(stage.gateway.port);
    const began = performance.now();
    await client.ended;
    assert.ok(performance.now() - began < 2300);
  });

  test("relays interim responses that come together, the 100 that is awaited among them", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage, {
      script: async (connection) => {
        const head = await connection.readHead();
        connection.write(`${"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(3)}HTTP/1.1 100 Continue\r\n\r\n`);
        await connection.readBody(head, () => {});
        connection.write(ok);
      },
    });
    using client = await connectTlsClient(stage.gateway.port);
    const bytes = requestBytes({ method: "POST", fields: [["Expect", "100-continue"]], body: "later" });
    client.send(bytes.subarray(0, -5));
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await client.interimHead()).status);
    assert.deepEqual(statuses, [103, 103, 103, 100]);
    client.send("later");
    assert.equal((await client.response()).status, 200);
  });

  test("tunnels WebSockets", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage, { script: echoingBytes });
    using client = await connectTlsClient(stage.gateway.port);
    client.send(Buffer.concat([handshakeBytes(), Buffer.from("early ")]));
    assert.equal((await client.head()).status, 101);
    client.send("and late");
    assert.equal((await client.bytes(14)).toString(), "early and late");
    client.fin();
    await stage.gateway.settled();
  });

  test("breaks off an HTTP/1.0 answer that the upstream broke off", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage, { script: sayingAndClosing("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") });
    using client = await connectTlsClient(stage.gateway.port);
    client.send(requestBytes({ version: "HTTP/1.0", fields: [["X-Request-Id", "old-1"]] }));
    await client.ended;
    await stage.assertLogged("old-1", { code: "upstream_incomplete" });
  });

  test("drains: idle connections close at once, and what is under way is answered", bounded, async () => {
    await using stage = new Stage();
    const released = Promise.withResolvers<void>();
    const upstream = await secureFront(stage, {
      script: async (connection) => {
        await connection.readRequest();
        await released.promise;
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
      },
      listen: { drain: { grace: "0s", deadline: "5s" } },
    });
    using idle = await connectTlsClient(stage.gateway.port);
    using silent = await connectClient(stage.gateway.port);
    using busy = await connectTlsClient(stage.gateway.port);
    busy.send(requestBytes());
    await upstream.request(1);
    const drained = stage.gateway.drain();
    await Promise.all([idle.ended, silent.ended]);
    released.resolve();
    assert.equal((await busy.response()).body.toString(), "done");
    assert.equal(await drained, 0);
  });
});

describe("a listener that asks for client certificates", () => {
  test("serves who has one of its authority", bounded, async () => {
    await using stage = new Stage();
    await secureFront(stage, { tls: { clientCa: caFile } });
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      using client = await connectTlsClient(stage.gateway.port, { certificate: "valid", maxVersion });
      client.send(requestBytes());
      assert.equal((await client.response()).status, 200);
    }
    assert.equal(await handshakeErrors(stage), 0);
  });

  const refused: ReadonlyArray<readonly [name: string, certificate: Certificate | undefined]> = [
    ["none", undefined],
    ["one that vouches for itself", "self-signed"],
    ["one past its time", "expired"],
  ];
  for (const [name, certificate] of refused) {
    test(`turns away at the handshake who has ${name}`, bounded, async () => {
      await using stage = new Stage();
      const upstream = await secureFront(stage, { tls: { clientCa: caFile } });
      for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
        const own = certificate === undefined ? {} : { certificate };
        assert.equal(await bytesAnswered(connectTls(stage.gateway.port, { ...own, maxVersion })), 0);
      }
      await until(async () => (await handshakeErrors(stage)) === 2);
      assert.equal(upstream.requests.length, 0);
      assert.deepEqual(
        stage.gateway.log.lines.filter((line) => line["event"] === "request"),
        [],
      );
    });
  }
});

/** A TLS 1.3 client learns only with its first reading that it was turned away. */
async function bytesAnswered(connecting: Promise<TLSSocket>): Promise<number> {
  try {
    const socket = await connecting;
    socket.on("error", () => undefined);
    socket.write(requestBytes());
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    if (!socket.closed) await once(socket, "close");
    return received;
  } catch {
    return 0;
  }
}

describe("TLS towards an upstream", () => {
  test(
    "presents the configured certificate to an upstream that asks for one, and sends the configured name",
    bounded,
    async () => {
      await using stage = new Stage();
      const names: string[] = [];
      const { port } = await stage.tlsUpstream("valid", answering(), {
        ca: readFileSync(caFile),
        requestCert: true,
        SNICallback: (name, callback) => {
          names.push(name);
          callback(null);
        },
      });
      const tls = { ca: caFile, ...pairFiles("valid"), serverName: "localhost" };
      await stage.start(singleRoute({ target: `https://127.0.0.1:${port}`, upstream: { tls } }));
      assert.equal((await stage.ask()).status, 200);
      assert.deepEqual(names, ["localhost"]);
    },
  );

  test("without the certificate that is asked for is a 502 of the upstream's making", bounded, async () => {
    await using stage = new Stage();
    const { port } = await stage.tlsUpstream("valid", answering(), { ca: readFileSync(caFile), requestCert: true });
    await stage.start(singleRoute({ target: `https://localhost:${port}`, upstream: { tls: { ca: caFile } } }));
    const response = await stage.ask();
    assert.equal(response.status, 502);
    assert.match(response.body.toString(), /"code":"upstream_(?:tls|reset)"/);
  });

  test("that fails to verify names reason and target in the log alone, and loudly", bounded, async () => {
    await using stage = new Stage();
    const { port } = await stage.tlsUpstream("expired", answering());
    await stage.start(singleRoute({ target: `https://localhost:${port}`, upstream: { tls: { ca: caFile } } }));
    const { failure } = await stage.fails({ code: "upstream_certificate", secrets: ["CERT_HAS_EXPIRED", "expired"] });
    assert.equal(failure["level"], "error");
    assert.equal(failure["target"], `localhost:${port}`);
    assert.match(JSON.stringify(failure["cause"]), /CERT_HAS_EXPIRED/);
  });
});

describe("changed certificate files", () => {
  test("are served to new connections, and leave those that stand alone", bounded, async () => {
    await using stage = new Stage();
    using files = new CertificateFolder("valid");
    await stage.front(answering(), { listen: { tls: files.tls } });
    using standing = await connectTlsClient(stage.gateway.port);
    files.become("wrong-name");
    const line = await stage.gateway.log.line((each) => each["event"] === "certificate");
    assert.deepEqual([line["level"], line["outcome"], line["file"]], ["info", "success", files.tls.cert]);
    assert.match(String(line["expires"]), /^\d{4}-\d\d-\d\dT/);
    assert.equal(await nameServed(stage), "elsewhere.example");
    standing.send(requestBytes());
    assert.equal((await standing.response()).status, 200);
  });

  test("that do not serve are told of, by file and reason, and the last good ones stay", bounded, async () => {
    await using stage = new Stage();
    using files = new CertificateFolder("valid");
    await stage.front(answering(), { listen: { tls: files.tls } });
    const { log } = stage.gateway;
    const fault = (file: string) => log.line((each) => each["event"] === "certificate" && each["file"] === file);
    copyFileSync(pairFiles("wrong-name").key, files.tls.key);
    const mismatch = await fault(files.tls.key);
    assert.deepEqual([mismatch["level"], mismatch["outcome"]], ["error", "failure"]);
    assert.equal(mismatch["reason"], "is not the certificate's key");
    writeFileSync(files.tls.cert, "-----BEGIN CERTIFICATE-----\nsecret\n");
    const broken = await fault(files.tls.cert);
    assert.match(String(broken["reason"]), /^is no PEM of its kind/);
    assert.equal(await nameServed(stage), "localhost");
    files.become("wrong-name");
    await log.line((each) => each["event"] === "certificate" && each["outcome"] === "success");
    assert.equal(await nameServed(stage), "elsewhere.example");
  });
});

async function nameServed(stage: Stage): Promise<string> {
  const socket = await connectTls(stage.gateway.port, { rejectUnauthorized: false });
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}
