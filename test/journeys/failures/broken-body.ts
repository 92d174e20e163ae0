import assert from "node:assert/strict";

import type { FailureCode } from "../../../gateway/failures/codes.ts";
import type { RequestParts } from "../../support/raw-client.ts";
import type { UpstreamConnection } from "../../support/raw-upstream.ts";
import type { Stage } from "../../support/stage.ts";

import { valueOf } from "../../support/http-message.ts";
import { requestBytes } from "../../support/raw-client.ts";
import { journey } from "./journey.ts";

const half = "the first half";
const counted = `HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n${half}`;
const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n`;
const closeDelimited = `HTTP/1.1 200 OK\r\n\r\n${half}`;

interface Break {
  readonly code?: FailureCode;
  readonly head: string;
  readonly end?: (connection: UpstreamConnection) => void;
  readonly parts?: RequestParts;
}

/** The client has half the body when the upstream breaks off: its connection must end so that it can tell. */
async function breaks(stage: Stage, { code = "upstream_incomplete", head, end, parts = {} }: Break): Promise<void> {
  const upstream = await stage.front(
    async (connection) => {
      await connection.readRequest();
      connection.write(head);
    },
    { upstream: { timeouts: { idle: "150ms" } } },
  );
  const client = await stage.client();
  client.send(requestBytes(parts));
  const response = await client.head();
  assert.equal(response.status, 200);
  const requestId = valueOf(response.fields, "x-request-id") ?? "";
  // Of a chunked body, the size line comes before the bytes.
  const isChunked = valueOf(response.fields, "transfer-encoding") === "chunked";
  await client.bytes(half.length + (isChunked ? half.length.toString(16).length + 2 : 0));
  const brokenAt = performance.now();
  const connection = await upstream.connection(1);
  end?.(connection);
  const ending = await client.ended;
  if (end !== undefined) assert.ok(performance.now() - brokenAt < 1000, "the client hears of it at once");
  if (parts.version === "HTTP/1.0" || (valueOf(response.fields, "content-length") === undefined && !isChunked)) {
    assert.equal(ending, "reset", "a FIN would end a close-delimited body cleanly");
  }
  assert.ok(!client.received.toString("latin1").endsWith("0\r\n\r\n"), "no last chunk");
  const { access } = await stage.assertLogged(requestId, { code, phase: "relay" });
  assert.equal(access["status"], 200);
  await connection.ended;
}

const fin = (connection: UpstreamConnection): void => connection.fin();
const reset = (connection: UpstreamConnection): void => connection.reset();
const old: RequestParts = { version: "HTTP/1.0" };

function incomplete(name: string, how: Break) {
  return journey("upstream_incomplete", name, (stage) => breaks(stage, how));
}

function stalled(name: string, how: Omit<Break, "code">) {
  return journey("upstream_body_idle", name, (stage) => breaks(stage, { ...how, code: "upstream_body_idle" }));
}

export const brokenBody = [
  incomplete("a Content-Length that is not reached, then FIN", { head: counted, end: fin }),
  incomplete("a Content-Length that is not reached, then RST", { head: counted, end: reset }),
  incomplete("chunks without a last one, then FIN", { head: chunked, end: fin }),
  incomplete("chunks without a last one, then RST", { head: chunked, end: reset }),
  incomplete("a chunk size that is none", { head: chunked, end: (connection) => connection.write("zz\r\n") }),
  incomplete("a close-delimited body, then RST", { head: closeDelimited, end: reset }),
  incomplete("chunks broken off before an HTTP/1.0 client", { head: chunked, end: fin, parts: old }),
  incomplete("a Content-Length not reached before an HTTP/1.0 client", { head: counted, end: reset, parts: old }),
  incomplete("a close-delimited body, then RST, before an HTTP/1.0 client", {
    head: closeDelimited,
    end: reset,
    parts: old,
  }),
  stalled("a counted body that stalls", { head: counted }),
  stalled("a chunked body that stalls", { head: chunked }),
  stalled("a chunked body that stalls before an HTTP/1.0 client", { head: chunked, parts: old }),
];
