import assert from "node:assert/strict";

import type { Stage } from "../../support/stage.ts";
import type { Certificate } from "../../support/tls-upstream.ts";

import { singleRoute } from "../../support/config-file.ts";
import { alerting, caFile, speakingPlainly } from "../../support/tls-upstream.ts";
import { answering } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

async function startBefore(stage: Stage, port: number): Promise<void> {
  await stage.start(singleRoute({ target: `https://localhost:${port}`, upstream: { tls: { ca: caFile } } }));
}

function distrusted(certificate: Certificate, name: string) {
  return journey("upstream_certificate", name, async (stage) => {
    const upstream = await stage.tlsUpstream(certificate, answering());
    await startBefore(stage, upstream.port);
    await stage.fails({ code: "upstream_certificate", phase: "tls" });
    assert.equal(upstream.requests.length, 0, "no request was sent to whom we do not trust");
  });
}

export const untrustedUpstream = [
  distrusted("self-signed", "a certificate that vouches for itself"),
  distrusted("wrong-name", "a certificate for another host"),
  distrusted("expired", "a certificate past its time"),
  journey("upstream_tls", "plain HTTP on a TLS port", async (stage) => {
    const { port } = await stage.upstream(speakingPlainly);
    await startBefore(stage, port);
    await stage.fails({ code: "upstream_tls", phase: "tls", proxyError: "tls_protocol_error" });
  }),
  journey("upstream_tls", "a fatal alert", async (stage) => {
    const { port } = await stage.upstream(alerting(40));
    await startBefore(stage, port);
    const { response } = await stage.fails({ code: "upstream_tls", phase: "tls", proxyError: "tls_alert_received" });
    assert.match(response.fields.map(([, value]) => value).join("\n"), /alert-id=40/);
  }),
  journey("upstream_tls", "an end in the middle of the handshake", async (stage) => {
    const { port } = await stage.upstream(async (connection) => {
      await connection.readSome();
      connection.fin();
    });
    await startBefore(stage, port);
    await stage.fails({ code: "upstream_tls", phase: "tls" });
  }),
];
