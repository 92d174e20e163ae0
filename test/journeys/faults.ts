import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { UpstreamConnection } from "../support/raw-upstream.ts";

import { ok, responseBytes } from "../support/upstream-scripts.ts";

/** One way for an upstream to answer a request, well or badly. */
export interface Fault {
  readonly name: string;
  /** The only failures a client may see of it. */
  readonly codes: readonly FailureCode[];
  /** The only whole body a client may see of it; undefined for none. */
  readonly body?: string;
  /** A client may see its transfer broken off. */
  readonly breaksBody?: boolean;
  readonly play: (connection: UpstreamConnection) => Promise<void> | void;
}

const fin = (bytes: string) => (connection: UpstreamConnection) => {
  if (bytes !== "") connection.write(bytes);
  connection.fin();
};

const reset = (bytes: string) => async (connection: UpstreamConnection) => {
  if (bytes !== "") await connection.writeAll(Buffer.from(bytes, "latin1"));
  connection.reset();
};

const saying = (bytes: string) => (connection: UpstreamConnection) => connection.write(bytes);

const half = "HTTP/1.1 200 OK\r\nContent-Ty";
const shortBody = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
const cutChunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
const toTheEnd = "HTTP/1.1 200 OK\r\n\r\nhalf";

// A pooled connection that goes away as it is used shows as a reset of the second attempt, or as stale.
const gone: readonly FailureCode[] = ["upstream_reset", "upstream_stale_connection"];
const broken: readonly FailureCode[] = ["upstream_incomplete"];
const garbled: readonly FailureCode[] = ["upstream_protocol_error"];

// oxfmt-ignore
export const faults: readonly Fault[] = [
  { name: "well", codes: [], body: "fine", play: saying(ok) },
  { name: "well-chunked", codes: [], body: "fine", play: saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n") },
  { name: "well-and-closes", codes: [], body: "fine", play: fin(ok) },
  { name: "well-until-the-end", codes: [], body: "half", play: fin(toTheEnd) },
  { name: "nothing-to-say", codes: [], body: "", play: saying("HTTP/1.1 204 No Content\r\n\r\n") },
  { name: "in-drips", codes: [], body: "fine", play: (connection) => connection.drip(ok) },
  { name: "its-own-error", codes: [], body: "no", play: saying(responseBytes("503 Service Unavailable", "no")) },
  { name: "hints-first", codes: [], body: "fine", play: saying(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`) },
  { name: "surplus", codes: [], body: "fine", play: saying(`${ok}${ok}`) },
  { name: "fin", codes: gone, play: fin("") },
  { name: "reset", codes: gone, play: reset("") },
  { name: "half-a-head-and-fin", codes: ["upstream_reset"], play: fin(half) },
  { name: "half-a-head-and-reset", codes: gone, play: reset(half) },
  { name: "silence", codes: ["upstream_headers_timeout"], play: () => undefined },
  { name: "half-a-head-and-silence", codes: ["upstream_headers_timeout"], play: saying(half) },
  { name: "garbage", codes: garbled, play: saying("\x00\x01\x02 no HTTP\r\n\r\n") },
  { name: "status-999", codes: garbled, play: saying("HTTP/1.1 999 Strange\r\nContent-Length: 0\r\n\r\n") },
  { name: "unasked-101", codes: garbled, play: saying("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n") },
  { name: "two-lengths", codes: garbled, play: saying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab") },
  { name: "too-long-a-head", codes: ["upstream_headers_too_large"], play: saying(`HTTP/1.1 200 OK\r\n${`X: ${"x".repeat(8000)}\r\n`.repeat(20)}\r\n`) },
  { name: "short-and-fin", codes: broken, breaksBody: true, play: fin(shortBody) },
  { name: "short-and-reset", codes: [...broken, "upstream_reset"], breaksBody: true, play: reset(shortBody) },
  { name: "cut-chunks-and-fin", codes: broken, breaksBody: true, play: fin(cutChunks) },
  { name: "cut-chunks-and-reset", codes: [...broken, "upstream_reset"], breaksBody: true, play: reset(cutChunks) },
  { name: "bad-chunk", codes: broken, breaksBody: true, play: saying(`${cutChunks}zz\r\n`) },
  { name: "stalls", codes: ["upstream_body_idle"], breaksBody: true, play: saying(shortBody) },
];

const byTarget = new Map(faults.map((fault) => [`/${fault.name}`, fault]));

/** An upstream that plays the fault which the request's target names. */
export async function playFaults(connection: UpstreamConnection): Promise<void> {
  for (;;) {
    const { target } = await connection.readRequest();
    const fault = byTarget.get(target);
    if (fault === undefined) throw new Error(`no such fault: ${target}`);
    await fault.play(connection);
  }
}
