import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { RawUpstream, UpstreamConnection } from "../support/raw-upstream.ts";

import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { ok } from "../support/upstream-scripts.ts";
import { inTime, within } from "../support/within.ts";

const limitMs = 5000;
const answered = requestBytes({ target: "/answered" });
const held = requestBytes({ target: "/held" });

/** A gateway that takes so many connections, and an upstream that keeps the answers to `/held` until it is told. */
export class FullStage implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #upstream: RawUpstream;
  readonly #gateway: GatewayProcess;
  readonly #waiting: UpstreamConnection[];

  private constructor(stack: AsyncDisposableStack, { upstream, gateway, waiting }: StageParts) {
    this.#stack = stack;
    this.#upstream = upstream;
    this.#gateway = gateway;
    this.#waiting = waiting;
  }

  static async open(maxConnections: number): Promise<FullStage> {
    await using stack = new AsyncDisposableStack();
    const waiting: UpstreamConnection[] = [];
    const upstream = stack.use(
      await startUpstream(async (connection) => {
        for (;;) {
          const { target } = await connection.readRequest();
          if (target === "/held") waiting.push(connection);
          else connection.write(ok);
        }
      }),
    );
    const gateway = stack.use(
      await spawnGateway({
        listen: { maxConnections },
        upstreams: { service: { targets: [upstream.url], timeouts: { headers: "60s" } } },
        routes: [{ id: "everything", path: "/*", upstream: "service", timeout: "60s" }],
      }),
    );
    return new FullStage(stack.move(), { upstream, gateway, waiting });
  }

  async connect(): Promise<RawClient> {
    return this.#stack.use(await connectClient(this.#gateway.port));
  }

  /** A connection that was served and is idle now. */
  async idle(): Promise<RawClient> {
    const client = await this.connect();
    assert.equal(await this.ask(client), 200);
    return client;
  }

  /** The status that a request on this connection is answered with, or how the connection ended without an answer. */
  async ask(client: RawClient): Promise<number | string> {
    client.send(answered);
    return inTime(limitMs, "answer", statusOf(client));
  }

  /** Sends a request on each of these connections; resolves once all of them are at the upstream. */
  async occupy(clients: readonly RawClient[]): Promise<void> {
    const expected = this.#waiting.length + clients.length;
    for (const client of clients) client.send(held);
    await within(
      limitMs,
      () => this.#waiting.length,
      (waiting) => waiting === expected,
    );
  }

  /** Answers what is held. */
  release(): void {
    for (const connection of this.#waiting.splice(0)) connection.write(ok);
  }

  /** Awaits that so many connections are open by /status. */
  async open(connections: number): Promise<void> {
    await within(
      limitMs,
      async () => (await readStatus(this.#gateway.adminPort)).connections.open,
      (open) => open === connections,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    assert.deepEqual(this.#upstream.faults, []);
  }
}

interface StageParts {
  readonly upstream: RawUpstream;
  readonly gateway: GatewayProcess;
  readonly waiting: UpstreamConnection[];
}

/** The next answer's status, or `closed` where the connection ended before it. */
export async function statusOf(client: RawClient): Promise<number | string> {
  try {
    return (await client.response()).status;
  } catch {
    return "closed";
  }
}
