import type { Socket } from "node:net";
import type { TlsOptions } from "node:tls";

import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

import type { RawUpstream, UpstreamScript } from "./raw-upstream.ts";

import { startUpstream } from "./raw-upstream.ts";

/** The certificates of certs/: `valid` is signed by the test CA for localhost and 127.0.0.1. */
export type Certificate = "valid" | "self-signed" | "wrong-name" | "expired";

const certs = new URL("certs/", import.meta.url);

/** The file an upstream's `tls.ca` names. */
export const caFile = new URL("ca.pem", certs).pathname;

/** Where a certificate and its key are. */
export function pairFiles(certificate: Certificate): { readonly cert: string; readonly key: string } {
  return { cert: new URL(`${certificate}.pem`, certs).pathname, key: new URL(`${certificate}.key`, certs).pathname };
}

export function keyPair(certificate: Certificate): { readonly cert: Buffer; readonly key: Buffer } {
  const { cert, key } = pairFiles(certificate);
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

/** An upstream that speaks TLS with the given certificate. Its scripts see plain bytes. */
export async function startTlsUpstream(
  certificate: Certificate,
  script: UpstreamScript,
  options: TlsOptions = {},
): Promise<RawUpstream> {
  const pair = keyPair(certificate);
  return startUpstream(script, {
    createServer: (onConnection: (socket: Socket) => void) => {
      const server = createServer({ ...pair, ...options, allowHalfOpen: true, noDelay: true }, onConnection);
      // A client that turns the certificate down ends the handshake: that is what the journey is about.
      server.on("tlsClientError", () => undefined);
      return server;
    },
  });
}

/** Answers the ClientHello with a fatal alert (RFC 8446 §6): by default 40, handshake_failure. */
export function alerting(description = 40): UpstreamScript {
  return async (connection) => {
    await connection.readSome();
    connection.write(Buffer.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description));
    connection.fin();
  };
}

/** Plain HTTP where TLS is expected. */
export const speakingPlainly: UpstreamScript = async (connection) => {
  await connection.readSome();
  connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  connection.fin();
};

/** Takes the ClientHello and says nothing. */
export const silentHandshake: UpstreamScript = async (connection) => {
  await connection.readSome();
};
