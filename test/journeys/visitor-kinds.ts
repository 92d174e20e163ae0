import type { RawClient } from "../support/raw-client.ts";

import { startNginx } from "../support/nginx.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { connectTlsClient } from "../support/tls-client.ts";
import { pairFiles } from "../support/tls-upstream.ts";
import { within } from "../support/within.ts";

/** The one line that the event stream of the tests says before it falls silent. */
export const firstLine = "data: hello";

const lineLimitMs = 10_000;

/** Where visitors connect to, if not to the gateway itself. */
export interface Front extends AsyncDisposable {
  readonly port: number;
}

/** A way to come to an event stream and to leave it. */
export interface VisitorKind {
  readonly name: string;
  readonly listen?: object;
  /** Starts what stands between the visitors and the gateway. */
  readonly front?: (gatewayPort: number) => Promise<Front>;
  /** Resolves once the stream's first line has been read, with how this visitor leaves. */
  readonly visit: (port: number, target: string) => Promise<() => void>;
}

const tls = { tls: pairFiles("valid") };

export const directKinds: readonly VisitorKind[] = [
  { name: "by FIN", visit: async (port, target) => leaving(await reading(connectClient(port), target), "fin") },
  { name: "by RST", visit: async (port, target) => leaving(await reading(connectClient(port), target), "reset") },
  { name: "by the abort of a fetch", visit: visitByFetch },
  {
    name: "by the end of TLS",
    listen: tls,
    visit: async (port, target) => leaving(await reading(connectTlsClient(port), target), "fin"),
  },
  {
    name: "by the loss of TLS",
    listen: tls,
    visit: async (port, target) => leaving(await reading(connectTlsClient(port), target), "destroy"),
  },
  {
    name: "behind a proxy that speaks HTTP/1.0",
    visit: async (port, target) => leaving(await reading(connectClient(port), target, "HTTP/1.0"), "destroy"),
  },
];

/** NGINX passes both ways of leaving on in its own way: it closes its connection to the gateway. */
export const nginxKinds: readonly VisitorKind[] = [
  {
    name: "by FIN, behind NGINX",
    front: startNginx,
    visit: async (port, target) => leaving(await reading(connectClient(port), target), "fin"),
  },
  {
    name: "by RST, behind NGINX",
    front: startNginx,
    visit: async (port, target) => leaving(await reading(connectClient(port), target), "reset"),
  },
];

function leaving(client: RawClient, way: "fin" | "reset" | "destroy"): () => void {
  if (way === "fin") return () => client.fin();
  if (way === "reset") return () => client.reset();
  return () => client[Symbol.dispose]();
}

async function reading(connecting: Promise<RawClient>, target: string, version = "HTTP/1.1"): Promise<RawClient> {
  const client = await connecting;
  const fields = version === "HTTP/1.0" ? ([["Connection", "close"]] as const) : [];
  client.send(requestBytes({ target, version, fields }));
  await within(
    lineLimitMs,
    () => client.received.toString("latin1"),
    (text) => text.includes(firstLine),
  );
  return client;
}

async function visitByFetch(port: number, target: string): Promise<() => void> {
  const controller = new AbortController();
  const { signal } = controller;
  const response = await fetch(`http://127.0.0.1:${port}${target}`, { signal });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (let text = ""; !text.includes(firstLine);) {
    const piece = await reader?.read();
    if (piece?.value === undefined) throw new Error(`status ${response.status}, and the stream ended: ${text}`);
    text += decoder.decode(piece.value, { stream: true });
  }
  return () => controller.abort();
}
