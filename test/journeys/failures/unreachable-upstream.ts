import type { LookupAddress, LookupOptions } from "node:dns";

import assert from "node:assert/strict";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

import { singleRoute } from "../../support/config-file.ts";
import { refusedPort } from "../../support/dead-ports.ts";
import { caFile, silentHandshake } from "../../support/tls-upstream.ts";
import { journey } from "./journey.ts";

const impatient = { timeouts: { connect: "150ms" } };

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** The system's resolver cannot be made silent from here: for one name it is replaced by one that never answers. */
function silenceResolver(name: string): Disposable {
  const real = dns.lookup;
  const silent = (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    if (hostname !== name) real(hostname, options, callback);
  };
  dns.lookup = silent as typeof dns.lookup;
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      dns.lookup = real;
      syncBuiltinESMExports();
    },
  };
}

export const unreachableUpstream = [
  journey("upstream_dns_error", "a name that does not exist", async (stage) => {
    await stage.start(singleRoute({ target: "http://nothing.invalid:80", upstream: { timeouts: { connect: "10s" } } }));
    await stage.fails({ code: "upstream_dns_error", phase: "dns", secrets: ["nothing.invalid"] });
  }),
  journey("upstream_dns_timeout", "a resolver that does not answer", async (stage) => {
    using _resolver = silenceResolver("silent.invalid");
    await stage.start(singleRoute({ target: "http://silent.invalid:80", upstream: impatient }));
    await stage.fails({ code: "upstream_dns_timeout", phase: "dns", secrets: ["silent.invalid"] });
  }),
  journey("upstream_refused", "nothing listens", async (stage) => {
    const port = await refusedPort();
    await stage.start(singleRoute({ target: `http://127.0.0.1:${port}` }));
    const { access } = await stage.fails({ code: "upstream_refused", phase: "connect", secrets: [String(port)] });
    assert.equal(access["attempts"], 1);
    await stage.fails({ code: "upstream_refused" }, { method: "POST", body: "{}" });
    await stage.fails({ code: "upstream_refused" }, { method: "HEAD" });
  }),
  journey("upstream_unreachable", "no way to the address", async (stage) => {
    // A multicast address: the kernel turns a TCP connection to it down without sending a packet.
    await stage.start(singleRoute({ target: "http://224.0.0.1:80" }));
    await stage.fails({ code: "upstream_unreachable", phase: "connect", secrets: ["224.0.0.1"] });
  }),
  journey("upstream_connect_timeout", "a full backlog that swallows the SYN", async (stage) => {
    const { port } = await stage.blackHole();
    await stage.start(singleRoute({ target: `http://127.0.0.1:${port}`, upstream: impatient }));
    await stage.fails({ code: "upstream_connect_timeout", phase: "connect", secrets: [String(port)] });
  }),
  journey("upstream_connect_timeout", "a TLS handshake that stalls", async (stage) => {
    const { port } = await stage.upstream(silentHandshake);
    await stage.start(
      singleRoute({ target: `https://127.0.0.1:${port}`, upstream: { ...impatient, tls: { ca: caFile } } }),
    );
    await stage.fails({ code: "upstream_connect_timeout", phase: "tls" });
  }),
];
