import type { RawUpstream, UpstreamConnection } from "../../support/raw-upstream.ts";

import { valueOf } from "../../support/http-message.ts";
import { startUpstream } from "../../support/raw-upstream.ts";
import { responseBytes } from "../../support/upstream-scripts.ts";

/** How a service is for a while: what it mostly does to the requests that reach it. */
export type Mood = "well" | "slow" | "failing" | "strange" | "silent" | "refusing";

export const moods: readonly Mood[] = ["well", "well", "slow", "failing", "strange", "silent", "refusing"];

/** One way of not answering as one should, given the id of the request. */
type Oddity = (connection: UpstreamConnection, id: string) => Promise<void> | void;

const slots = 8;
const meanServiceMs = 12;
const slowFactor = 6;
const pieceBytes = 64 * 1024;
const pieces = 64;
/** How often a request meets an oddity, by mood. */
const oddShare: Readonly<Record<Mood, number>> = {
  well: 0.02,
  slow: 0.05,
  failing: 0.7,
  strange: 0.5,
  silent: 0,
  refusing: 0,
};

function answer(id: string, status = "200 OK"): string {
  const fields = [["X-Answers", id] as const, ["Content-Type", "application/json"] as const];
  return responseBytes(status, JSON.stringify({ answers: id }), fields);
}

const shortHead = (id: string): string => `HTTP/1.1 200 OK\r\nX-Answers: ${id}\r\nContent-Length: 90\r\n\r\nhalf`;
const cutChunks = (id: string): string =>
  `HTTP/1.1 200 OK\r\nX-Answers: ${id}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`;

const oddities: readonly Oddity[] = [
  (connection) => connection.reset(),
  (connection) => connection.fin(),
  (connection, id) => {
    connection.write(answer(id));
    connection.fin();
  },
  // What comes behind an answer must not become the answer to the next request.
  (connection, id) => connection.write(answer(id) + answer("surplus")),
  (connection, id) => connection.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answer(id)}`),
  (connection, id) => connection.drip(answer(id)),
  (connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Ty"),
  (connection) => connection.write("\x00\x01\x02 no HTTP\r\n\r\n"),
  (connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
  (connection) => connection.write(`HTTP/1.1 200 OK\r\n${`X: ${"x".repeat(8000)}\r\n`.repeat(20)}\r\n`),
  (connection) => connection.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
  (connection, id) => connection.write(shortHead(id)),
  (connection, id) => {
    connection.write(shortHead(id));
    connection.fin();
  },
  (connection, id) => {
    connection.write(shortHead(id));
    connection.reset();
  },
  (connection, id) => {
    connection.write(cutChunks(id));
    connection.fin();
  },
  (connection, id) => connection.write(`${cutChunks(id)}zz\r\n`),
  () => undefined,
];

const errors = ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "404 Not Found"];

/**
 * A service with a few slots and a queue before them, whose moods change and which crashes and comes back. Every sound
 * answer names the request that it answers. Which request meets what is drawn in the order of arrival.
 */
export class MoodyService implements AsyncDisposable {
  readonly #random: () => number;
  readonly #waiting: Array<() => void> = [];
  readonly faults: unknown[] = [];
  #upstream: RawUpstream;
  #mood: Mood = "well";
  #busy = 0;
  readonly port: number;

  private constructor(upstream: RawUpstream, random: () => number) {
    this.#upstream = upstream;
    this.port = upstream.port;
    this.#random = random;
    upstream.become((connection) => this.#serve(connection));
  }

  static async start(random: () => number): Promise<MoodyService> {
    return new MoodyService(await startUpstream(() => undefined, { forgets: true }), random);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get openConnections(): number {
    return this.#upstream.openConnections;
  }

  /** Refusing, it cuts its connections and listens no more, as one that has crashed. */
  async become(mood: Mood): Promise<void> {
    if (mood === this.#mood) return;
    const before = this.#mood;
    this.#mood = mood;
    if (mood === "refusing") await this.#crash();
    else if (before === "refusing") await this.#restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#crash();
  }

  async #crash(): Promise<void> {
    this.faults.push(...this.#upstream.faults);
    for (const connection of this.#upstream.connections) connection.reset();
    await this.#upstream[Symbol.asyncDispose]();
  }

  /** On the same port: an outgoing connection may have taken it meanwhile, but none keeps it for long. */
  async #restart(): Promise<void> {
    for (;;) {
      try {
        const options = { port: this.port, forgets: true };
        this.#upstream = await startUpstream((connection) => this.#serve(connection), options);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
        await pause(50);
      }
    }
  }

  async #serve(connection: UpstreamConnection): Promise<void> {
    for (;;) {
      const head = await connection.readHead();
      await connection.readBody(head, () => undefined);
      const id = valueOf(head.fields, "x-request-id") ?? "";
      if (head.target.startsWith("/healthz")) connection.write(answer("health"));
      else
        await this.#take(connection, { id, isLarge: head.target.includes("/large"), isHead: head.method === "HEAD" });
    }
  }

  async #take(connection: UpstreamConnection, { id, isLarge, isHead }: Asked): Promise<void> {
    if (this.#mood === "silent") return;
    // Exponential: most are quick, a few are not.
    const serviceMs = -Math.log(1 - this.#random()) * meanServiceMs * (this.#mood === "slow" ? slowFactor : 1);
    const isOdd = this.#random() < oddShare[this.#mood];
    const draw = this.#random();
    await this.#slot(serviceMs);
    if (isOdd && this.#mood === "failing") connection.write(answerTo(isHead, answer(id, pick(errors, draw))));
    else if (isOdd) await pick(oddities, draw)(connection, id);
    else if (isLarge && !isHead) await this.#pour(connection, id);
    else connection.write(answerTo(isHead, answer(id)));
  }

  async #slot(serviceMs: number): Promise<void> {
    if (this.#busy >= slots) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
    await pause(serviceMs);
    this.#busy -= 1;
    this.#waiting.shift()?.();
  }

  async #pour(connection: UpstreamConnection, id: string): Promise<void> {
    connection.write(`HTTP/1.1 200 OK\r\nX-Answers: ${id}\r\nContent-Length: ${pieces * pieceBytes}\r\n\r\n`);
    for (let n = 0; n < pieces; n += 1) if (!(await connection.writeAll(piece))) return;
  }
}

interface Asked {
  readonly id: string;
  readonly isLarge: boolean;
  readonly isHead: boolean;
}

const piece = Buffer.alloc(pieceBytes, "x");

/** HEAD is answered with the fields alone. */
function answerTo(isHead: boolean, bytes: string): string {
  return isHead ? bytes.slice(0, bytes.indexOf("\r\n\r\n") + 4) : bytes;
}

function pick<T>(from: readonly T[], draw: number): T {
  return from[Math.floor(draw * from.length)] as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
