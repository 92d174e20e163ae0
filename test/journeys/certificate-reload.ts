import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { RawClient } from "../support/raw-client.ts";
import type { Certificate } from "../support/tls-upstream.ts";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { connectTls, connectTlsClient } from "../support/tls-client.ts";
import { caFile, pairFiles } from "../support/tls-upstream.ts";
import { answering } from "../support/upstream-scripts.ts";

/** A certificate and its key in a folder of their own, to be replaced as a deployment does it. */
export class CertificateFolder implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "statuswise-tls-"));
  readonly tls = { cert: join(this.#folder, "cert.pem"), key: join(this.#folder, "key.pem") };

  constructor(certificate: Certificate) {
    this.become(certificate);
  }

  become(certificate: Certificate): void {
    const { cert, key } = pairFiles(certificate);
    for (const [from, to] of [
      [cert, this.tls.cert],
      [key, this.tls.key],
    ] as const) {
      copyFileSync(from, `${to}.new`);
      renameSync(`${to}.new`, to);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface ReloadFigures {
  readonly reloads: number;
  readonly requests: number;
  readonly connections: number;
  readonly lost: number;
}

/**
 * Steady requests, on connections that stay and on a new one for every tenth, while the certificate changes again and
 * again, client certificates demanded: none may be lost, and new connections see what is in force.
 */
export async function reloadUnderLoad(reloads: number, clients: number): Promise<ReloadFigures> {
  await using stage = new Stage();
  using files = new CertificateFolder("valid");
  await stage.front(answering(), { listen: { tls: { ...files.tls, clientCa: caFile } } });
  const { port, log } = stage.gateway;
  const trust = { certificate: "valid", rejectUnauthorized: false } as const;
  const figures = { reloads, requests: 0, connections: 0, lost: 0 };
  const over = new AbortController();
  const load = async (): Promise<void> => {
    let client: RawClient | undefined;
    for (let n = 0; !over.signal.aborted; n += 1) {
      try {
        if (client === undefined) figures.connections += 1;
        client ??= await connectTlsClient(port, trust);
        figures.requests += 1;
        client.send(requestBytes());
        const { status, isComplete } = await client.response();
        assert.ok(status === 200 && isComplete);
      } catch {
        figures.lost += 1;
      }
      if (n % 10 !== 9) continue;
      client?.[Symbol.dispose]();
      client = undefined;
    }
    client?.[Symbol.dispose]();
  };
  const running = Array.from({ length: clients }, load);
  for (let n = 1; n <= reloads; n += 1) {
    files.become(n % 2 === 1 ? "wrong-name" : "valid");
    await reloaded(n);
    const socket = await connectTls(port, trust);
    assert.equal(socket.getPeerCertificate().subject.CN, n % 2 === 1 ? "elsewhere.example" : "localhost");
    socket.destroy();
  }
  over.abort();
  await Promise.all(running);
  assert.equal(figures.lost, 0);
  assert.ok(figures.requests > reloads * 10, `${figures.requests} requests are no load`);
  return figures;

  async function reloaded(n: number): Promise<void> {
    const seen = (): readonly unknown[] => log.lines.filter((line) => line["event"] === "certificate");
    await log.line(() => seen().length >= n);
    for (const line of seen()) assert.equal((line as { outcome?: string }).outcome, "success");
  }
}
