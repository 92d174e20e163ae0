import assert from "node:assert/strict";

import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { SingleRoute } from "../support/config-file.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { RawUpstream, UpstreamScript } from "../support/raw-upstream.ts";
import type { SeenFailure } from "../support/stage.ts";

import { gatewayName } from "../support/config-file.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

/** Side by side: most of them wait for the end of a connection whose client may still have been sending. */
export const together = { timeout: 30_000, concurrency: 16 };

/** A request that nobody may ever see as one: it stands where the bytes behind a refused request are. */
export const smuggled = "GET /smuggled HTTP/1.1\r\nHost: api.test\r\nX-Request-Id: smuggled\r\n\r\n";

/** A request's bytes from its lines; `body` is sent behind the head as it is. */
export function bytes(lines: readonly string[], body = ""): string {
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** As `bytes`, with a Host field behind the request line. */
export function hosted([line = "", ...fields]: readonly string[], body = ""): string {
  return bytes([line, "Host: api.test", ...fields], body);
}

/** A stage with one route, and a client of it. */
export class Wire implements AsyncDisposable {
  readonly stage: Stage;
  readonly upstream: RawUpstream;
  readonly client: RawClient;

  constructor(stage: Stage, upstream: RawUpstream, client: RawClient) {
    this.stage = stage;
    this.upstream = upstream;
    this.client = client;
  }

  static async open(front: Omit<SingleRoute, "target"> = {}, script: UpstreamScript = answering()): Promise<Wire> {
    const stage = new Stage();
    const upstream = await stage.front(script, front);
    return new Wire(stage, upstream, await stage.client());
  }

  /** Sends, and asserts that the upstream's own answer came back. */
  async passes(raw: string, method?: string): Promise<void> {
    this.client.send(raw);
    const response = await this.client.response(method);
    assert.equal(response.status, 200);
    if (method !== "HEAD") assert.equal(response.body.toString(), "fine");
  }

  /**
   * Sends, and asserts the refusal on the wire and in the log. With `close` the connection ends, and a request behind
   * the refused one is answered by nobody; without, the connection goes on with the next request.
   */
  async refuses(raw: string, expected: { code: FailureCode; close: boolean; method?: string }): Promise<SeenFailure> {
    const { client, upstream, stage } = this;
    const known = upstream.requests.length;
    client.send(expected.close ? raw + smuggled : raw);
    const seen = await stage.assertFailed(await client.response(expected.method), expected);
    if (expected.close) {
      assert.equal(await client.ended, "fin", "the connection ends, in good order");
      assert.equal(client.received.toString("latin1").split("HTTP/1.1 ").length, 2, "one answer");
    } else {
      await this.passes(requestBytes({ target: "/next" }).toString());
    }
    const later = upstream.requests.slice(known).map(({ target }) => target);
    assert.deepEqual(later, expected.close ? [] : ["/next"], "the upstream saw nothing of it");
    for (const { unreadBytes } of upstream.connections) assert.equal(unreadBytes, 0);
    return seen;
  }

  /** What the upstream received, byte for byte, with this run's port and ids named. */
  get forwarded(): string {
    return this.upstream.connections
      .map(({ received }) => received.toString("latin1"))
      .join("")
      .replaceAll(`127.0.0.1:${this.upstream.port}`, "upstream")
      .replaceAll(/(x-request-id: )[0-9a-f]{32}\r\n/g, "$1ID\r\n")
      .replaceAll(/(traceparent: )00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n/g, "$1TRACE\r\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
  }
}

export interface Forwarded {
  readonly line: string;
  /** The gateway keeps a connection to its upstream but after HEAD. */
  readonly connection?: "keep-alive" | "close";
  /** End-to-end fields, as they are to be seen. */
  readonly fields?: readonly string[];
  readonly via?: string;
  /** X-Forwarded-Host; null for none. */
  readonly authority?: string | null;
  /** What stands behind X-Real-IP. */
  readonly added?: readonly string[];
  /** The body's framing, and the body. */
  readonly framing?: string;
  readonly body?: string;
}

/** The exact bytes of a forwarded request. */
export function forwarded(request: Forwarded): string {
  const { line, fields = [], via = `1.1 ${gatewayName}`, authority = "api.test", added = [], framing, body } = request;
  const { connection = "keep-alive" } = request;
  return bytes(
    [
      `${line} HTTP/1.1`,
      "host: upstream",
      `connection: ${connection}`,
      ...fields,
      `via: ${via}`,
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-proto: http",
      ...(authority === null ? [] : [`x-forwarded-host: ${authority}`]),
      "x-real-ip: 127.0.0.1",
      ...added,
      "x-request-id: ID",
      "traceparent: TRACE",
      ...(framing === undefined ? [] : [framing]),
    ],
    body,
  );
}
