import type { RequestParts } from "../../support/raw-client.ts";
import type { Visitors } from "./visitors.ts";

import { EndOfBytes } from "../../support/byte-reader.ts";

/** One thing that a client does, from its coming to its end. `random` is its own share of chance. */
interface Act {
  readonly name: string;
  readonly weight: number;
  readonly play: (visitors: Visitors, random: () => number) => Promise<void>;
}

const json = ["Content-Type", "application/json"] as const;
const reads = ["/steady", "/adaptive", "/critical", "/batch", "/moody", "/retried", "/sorry", "/stale", "/concealed"];
const rest = ["/limited", "/passing", "/paused", "/nowhere"];
const chunkPauseMs = 30;
/** A client leaves after up to so long; within it some have their answer and some do not. Milliseconds. */
const leavesWithinMs = 60;

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function order(random: () => number): RequestParts {
  const body = pick(['{"item":"tea","count":2}', '{"item":"tea","count":-2}', '{"item":', '{"count":1}'], random);
  return { method: "POST", target: "/orders", fields: [json], body };
}

function upload(random: () => number): RequestParts {
  return { method: "POST", target: "/upload", body: Buffer.alloc(1 + Math.floor(random() * 100_000), "x") };
}

/** Sends a request but for its last bytes, and leaves after a moment. */
async function leave(visitors: Visitors, parts: RequestParts, { short, random }: Leaving): Promise<void> {
  using client = await visitors.connect();
  const [id, bytes] = visitors.request(parts);
  client.send(bytes.subarray(0, bytes.length - short));
  await pause(random() * leavesWithinMs);
  visitors.ledger.abandon(id);
  client.reset();
}

interface Leaving {
  /** Bytes not sent. */
  readonly short: number;
  readonly random: () => number;
}

const acts: readonly Act[] = [
  { name: "reads", weight: 60, play: (visitors, random) => visitors.ask({ target: pick(reads, random) }) },
  { name: "reads elsewhere", weight: 6, play: (visitors, random) => visitors.ask({ target: pick(rest, random) }) },
  {
    name: "asks for the head",
    weight: 3,
    play: (visitors, random) => visitors.ask({ method: "HEAD", target: pick(reads, random) }),
  },
  { name: "orders", weight: 8, play: (visitors, random) => visitors.ask(order(random)) },
  { name: "uploads", weight: 5, play: (visitors, random) => visitors.ask(upload(random)) },
  {
    name: "pipelines",
    weight: 3,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const all = Array.from({ length: 2 + Math.floor(random() * 5) }, () =>
        visitors.request({ target: pick(reads, random) }),
      );
      client.send(Buffer.concat(all.map(([, bytes]) => bytes)));
      for (let goesOn = true; goesOn && all.length > 0;) {
        const [id = ""] = all.shift() ?? [];
        goesOn = await visitors.awaitAnswer(client, id);
      }
      // Behind an answer that ended the connection nothing is answered.
      for (const [id] of all) visitors.ledger.abandon(id);
    },
  },
  {
    name: "closes after one",
    weight: 3,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const [id, bytes] = visitors.request({ target: pick(reads, random), fields: [["Connection", "close"]] });
      client.send(bytes);
      await visitors.awaitAnswer(client, id);
    },
  },
  {
    name: "leaves before the answer",
    weight: 4,
    play: (visitors, random) => leave(visitors, { target: pick(reads, random) }, { short: 0, random }),
  },
  {
    name: "leaves within its body",
    weight: 2,
    play: (visitors, random) => {
      const parts = random() < 0.5 ? order(random) : upload(random);
      return leave(visitors, parts, { short: 1, random });
    },
  },
  {
    name: "leaves within its head",
    weight: 1,
    play: (visitors, random) => {
      visitors.ledger.brokenHeads += 1;
      return leave(visitors, { target: pick(reads, random) }, { short: 2, random });
    },
  },
  {
    name: "leaves within the answer",
    weight: 1,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const [id, bytes] = visitors.request({ target: "/steady/large" });
      client.send(bytes);
      try {
        await client.head();
        await pause(random() * leavesWithinMs);
      } catch (error) {
        if (!(error instanceof EndOfBytes)) throw error;
      }
      visitors.ledger.abandon(id);
      client.reset();
    },
  },
  {
    name: "reads something large",
    weight: 0.5,
    play: (visitors) => visitors.ask({ target: "/steady/large" }),
  },
  {
    name: "reads nothing of something large",
    weight: 0.3,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const [id, bytes] = visitors.request({ target: "/steady/large" });
      client.stopReading();
      client.send(bytes);
      await pause(random() * 2000);
      visitors.ledger.abandon(id);
      client.reset();
    },
  },
  {
    name: "sends slowly",
    weight: 0.5,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const [id, bytes] = visitors.request({ method: "POST", target: "/upload", body: "x".repeat(200) });
      // The head at once: one that is late is no request, and not answered under this id.
      client.send(bytes.subarray(0, bytes.length - 200));
      for (let left = 200; left > 0; left -= 40) {
        await pause(chunkPauseMs * random());
        client.send("x".repeat(40));
      }
      await visitors.awaitAnswer(client, id);
    },
  },
  {
    name: "stalls within its body",
    weight: 0.3,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      const target = pick(["/orders", "/upload"], random);
      const [id, bytes] = visitors.request({ method: "POST", target, fields: [json], body: "{}".repeat(50) });
      client.send(bytes.subarray(0, bytes.length - 50));
      await visitors.awaitAnswer(client, id);
    },
  },
  {
    name: "says what is no request",
    weight: 1,
    play: async (visitors, random) => {
      using client = await visitors.connect();
      client.send(
        pick(
          ["BREW\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\x16\x03\x01\x02\x00", "?? ??\r\n\r\n"],
          random,
        ),
      );
      await visitors.awaitAnswer(client);
    },
  },
];

const totalWeight = acts.reduce((sum, { weight }) => sum + weight, 0);

/** Draws one act by its weight. */
export function drawAct(random: () => number): Act {
  let left = random() * totalWeight;
  return acts.find(({ weight }) => (left -= weight) < 0) ?? (acts[0] as Act);
}
