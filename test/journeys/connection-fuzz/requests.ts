import type { Field } from "../../support/http-message.ts";

import { sampleKey } from "../../support/websocket.ts";
import { patternOf } from "./pattern.ts";

export interface RequestShape {
  readonly method?: string;
  readonly target: string;
  readonly id: string;
  readonly version?: string;
  readonly fields?: readonly Field[];
}

/** A request's head, with the empty line. */
export function headOf({ method = "GET", target, id, version = "1.1", fields = [] }: RequestShape): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${target} HTTP/${version}\r\nHost: api.test\r\nX-Request-Id: ${id}\r\n${lines}\r\n`;
}

export function handshakeHead(target: string, id: string): string {
  const fields: readonly Field[] = [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Key", sampleKey],
    ["Sec-WebSocket-Version", "13"],
  ];
  return headOf({ target, id, fields });
}

/** Bodies, by the kind of route: what a schema wants, or the id's pattern, by which the upstream knows them. */
export function jsonBody(id: string, length: number): Buffer {
  const frame = JSON.stringify({ id, fill: "" });
  return Buffer.from(frame.replace('""', JSON.stringify("x".repeat(Math.max(0, length - frame.length)))));
}

export function uploadBody(id: string, length: number): Buffer {
  return patternOf(id, length);
}

/** A body that would be a request if anybody lost count of its bytes. */
export function smugglingBody(): string {
  return "GET /smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n";
}

export function chunked(pieces: readonly Buffer[], end = "0\r\n\r\n"): Buffer {
  const chunks = pieces.flatMap((piece) => [
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...chunks, Buffer.from(end, "latin1")]);
}

/** Requests that are broken, or that two parsers could read in two ways: whole, with what may stand behind them. */
export const brokenRequests: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /e/well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "POST /e/well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "POST /e/well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "POST /e/well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n",
  'POST /e/well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x="\n\r\nab\r\n0\r\n\r\n',
  "POST /e/well HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n folded: yes\r\n\r\n",
  "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\n\n",
  "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
  "GET /\r\n",
  "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
  "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
  "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /../etc HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /e/well HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n",
  "GET /e/well HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "EHLO mail.test\r\n",
  `GET /${"x".repeat(15_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\n${"X: x\r\n".repeat(200)}\r\n`,
  `OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n`,
];
