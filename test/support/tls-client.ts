import type { ConnectionOptions, TLSSocket } from "node:tls";

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";

import type { Certificate } from "./tls-upstream.ts";

import { RawClient } from "./raw-client.ts";
import { caFile, keyPair } from "./tls-upstream.ts";

export interface TlsClientOptions extends ConnectionOptions {
  /** The certificate that the client presents. */
  readonly certificate?: Certificate;
  /** Node knows it, its types do not: without it a FIN is answered with a FIN. */
  readonly allowHalfOpen?: boolean;
}

/** Connects with TLS, trusting the test CA. Rejects where the handshake fails on the client's side. */
export async function connectTls(port: number, { certificate, ...rest }: TlsClientOptions = {}): Promise<TLSSocket> {
  const own = certificate === undefined ? {} : keyPair(certificate);
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: readFileSync(caFile),
    ...own,
    ...rest,
  });
  await once(socket, "secureConnect");
  return socket;
}

/** A raw client whose bytes go through TLS. */
export async function connectTlsClient(port: number, options: TlsClientOptions = {}): Promise<RawClient> {
  return new RawClient(await connectTls(port, options));
}
