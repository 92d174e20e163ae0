import type { RawClient } from "../support/raw-client.ts";

import { EndOfBytes } from "../support/byte-reader.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { faults } from "./faults.ts";

/** What the acts of one run share: whom they attack, how chance falls, and how long the patient ones hold on. */
export interface Scene {
  readonly port: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly holdMs: number;
}

/** One thing a bad client does, from its connecting to its end. Resolves when nothing of it is left. */
export interface Act {
  readonly name: string;
  readonly play: (client: RawClient, scene: Scene) => Promise<void> | void;
}

const json = ["Content-Type", "application/json"] as const;
const postHead = (length: number | string, target = "/good/validated"): string =>
  `POST ${target} HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const chunkedHead =
  "POST /good/validated HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/** One byte now and then, until the gateway has had enough. */
async function drip(client: RawClient, bytes: string, { holdMs }: Scene): Promise<void> {
  const until = performance.now() + 4 * holdMs;
  for (let n = 0; performance.now() < until; n += 1) {
    client.send(bytes[n % bytes.length] ?? "");
    const ending = await Promise.race([client.ended, pause(holdMs / 20)]);
    if (ending !== undefined) return;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

function garbage(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

/** Reads whatever answers come until the connection ends, or for as long as the scene holds. */
async function readOn(client: RawClient, { holdMs }: Scene): Promise<void> {
  await Promise.race([client.ended, pause(holdMs)]);
}

export const hostileActs: readonly Act[] = [
  { name: "head in drips", play: (client, scene) => drip(client, "GET /good HTTP/1.1\r\nX-Drip: drip", scene) },
  { name: "silence", play: (client) => void client.ended },
  {
    name: "validated body in drips",
    play: (client, scene) => {
      client.send(postHead(1000));
      return drip(client, " ", scene);
    },
  },
  {
    name: "streamed body in drips",
    play: (client, scene) => {
      client.send(postHead(1000, "/good/streamed"));
      return drip(client, " ", scene);
    },
  },
  {
    name: "chunks of one byte",
    play: (client, scene) => {
      client.send(chunkedHead);
      return drip(client, "1\r\n \r\n", scene);
    },
  },
  { name: "garbage", play: (client, scene) => client.send(garbage(500, scene.random)) },
  {
    name: "garbage after a request",
    play: (client, { random }) => client.send(Buffer.concat([requestBytes({ target: "/good" }), garbage(200, random)])),
  },
  {
    name: "TLS on a plain port",
    play: (client, { random }) =>
      client.send(Buffer.concat([Buffer.from("160301020001", "hex"), garbage(500, random)])),
  },
  { name: "head without end", play: (client) => client.send(`GET /good HTTP/1.1\r\nX: ${"x".repeat(20_000)}`) },
  {
    name: "target without end",
    play: (client) => client.send(`GET /${"x".repeat(15_000)} HTTP/1.1\r\nHost: api.test\r\n\r\n`),
  },
  {
    name: "two hundred fields",
    play: (client) => client.send(requestBytes({ fields: Array.from({ length: 200 }, (_, n) => [`X-${n}`, "x"]) })),
  },
  { name: "length over the limit", play: (client) => client.send(`${postHead(50_000_000)}${" ".repeat(60_000)}`) },
  {
    name: "chunks over the limit",
    play: (client) => client.send(`${chunkedHead}${`4000\r\n${" ".repeat(0x4000)}\r\n`.repeat(10)}`),
  },
  {
    name: "deep JSON",
    play: (client) =>
      client.send(
        requestBytes({ method: "POST", target: "/good/validated", fields: [json], body: "[".repeat(20_000) }),
      ),
  },
  {
    name: "two framings",
    play: (client) =>
      client.send(
        "POST /good HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
      ),
  },
  { name: "bad chunk", play: (client) => client.send(`${chunkedHead}zz\r\n`) },
  { name: "no bytes and reset", play: (client) => client.reset() },
  {
    name: "reset while the upstream is silent",
    play: async (client, { holdMs, random }) => {
      client.send(requestBytes({ target: "/silence" }));
      await pause(random() * 0.1 * holdMs);
      client.reset();
    },
  },
  {
    name: "reset in the middle of a body",
    play: async (client, { holdMs, random }) => {
      client.send(`${postHead(1000, pick(["/good/validated", "/good/streamed"], random))}{`);
      await pause(random() * 0.1 * holdMs);
      client.reset();
    },
  },
  {
    name: "FIN in the middle of a body",
    play: (client) => {
      client.send(`${postHead(1000, "/good/streamed")}{`);
      client.fin();
    },
  },
  {
    name: "reader of nothing",
    play: async (client, scene) => {
      client.stopReading();
      client.send(requestBytes({ target: "/good/large" }));
      await pause(scene.holdMs * scene.random());
      client.reset();
    },
  },
  {
    name: "pipeline",
    play: (client) => client.send(Buffer.concat(Array.from({ length: 50 }, () => requestBytes({ target: "/good" })))),
  },
  {
    name: "pipeline without end",
    play: (client) =>
      client.send(Buffer.concat(Array.from({ length: 3000 }, () => requestBytes({ target: "/silence" })))),
  },
  {
    name: "pipeline nobody reads",
    play: async (client, scene) => {
      client.stopReading();
      client.send(Buffer.concat(Array.from({ length: 300 }, () => requestBytes({ target: "/good/large" }))));
      await pause(scene.holdMs * scene.random());
      client.reset();
    },
  },
  {
    name: "unknown things asked for",
    play: (client, { random }) =>
      client.send(
        requestBytes({
          target: `/good/../${random()}`,
          host: `${random()}.test`,
          method: pick(["BREW", "TRACE", "PROPFIND"], random),
        }),
      ),
  },
  ...faults.map(({ name }) => ({
    name: `evil upstream: ${name}`,
    play: (client: RawClient) => client.send(requestBytes({ target: `/${name}` })),
  })),
];

/** Plays one act on a connection of its own; whatever the gateway does to it is fine here, as long as it ends it. */
export async function playAct(act: Act, scene: Scene): Promise<void> {
  try {
    using client = await connectClient(scene.port);
    await act.play(client, scene);
    await readOn(client, scene);
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
  }
}
