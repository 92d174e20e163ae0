import { valueOf } from "../../support/http-message.ts";
import type { RequestHead } from "../../support/http-message.ts";
import { patternOf } from "./pattern.ts";

/** What a request asks of the hostile upstream. All of it stands in the target's query. */
export interface Ask {
  readonly head: RequestHead;
  readonly id: string;
  /** Which act is played. */
  readonly name: string;
  /** Bytes of a body, or how many of something. */
  readonly size: number;
  /** Where the answer is cut, as a share of it in percent. */
  readonly at: number;
  readonly ms: number;
  readonly by: string;
  readonly form: string;
  /** The connection has spoken unasked: which of its answers is whose, nobody can know any more. */
  readonly isTainted: boolean;
}

export function askOf(head: RequestHead, isTainted = false): Ask {
  const url = new URL(head.target, "http://upstream");
  const number = (name: string): number => Number(url.searchParams.get(name) ?? 0) || 0;
  return {
    head,
    id: valueOf(head.fields, "x-request-id") ?? "",
    name: url.pathname.split("/").at(-1) ?? "",
    size: Math.min(number("size"), 2_000_000),
    at: number("at"),
    ms: Math.min(number("ms"), 1000),
    by: url.searchParams.get("by") ?? "fin",
    form: url.searchParams.get("form") ?? "length",
    isTainted,
  };
}

/** A well-formed answer that tells in its head and at each byte of its body which request it is for. */
export function answerTo({ id, size, form, head, isTainted }: Ask): Buffer {
  const own = `X-Seen: ${id}\r\n${isTainted ? "X-Tainted: yes\r\n" : ""}`;
  const body = head.method === "HEAD" ? Buffer.alloc(0) : patternOf(id, size);
  switch (form) {
    case "chunked": {
      const half = Math.ceil(size / 2);
      const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
      const framed = chunks.flatMap((chunk) => [latin1(`${chunk.length.toString(16)}\r\n`), chunk, latin1("\r\n")]);
      const end = head.method === "HEAD" ? "" : "0\r\n\r\n";
      return Buffer.concat([
        latin1(`HTTP/1.1 200 OK\r\n${own}Transfer-Encoding: chunked\r\n\r\n`),
        ...framed,
        latin1(end),
      ]);
    }
    case "close":
      return Buffer.concat([latin1(`HTTP/1.1 200 OK\r\n${own}Connection: close\r\n\r\n`), body]);
    case "old":
      return Buffer.concat([latin1(`HTTP/1.0 200 OK\r\n${own}Content-Length: ${size}\r\n\r\n`), body]);
    default:
      return Buffer.concat([latin1(`HTTP/1.1 200 OK\r\n${own}Content-Length: ${size}\r\n\r\n`), body]);
  }
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** An answer that nobody asked for, and that no client may see where it came in one packet with another. */
export const poison = "HTTP/1.1 200 OK\r\nX-Poison: at-once\r\nContent-Length: 6\r\n\r\npoison";
/** It may cross with the next request on the same connection, is that one's answer then, and what follows the next one's. */
export const latePoison = poison.replace("at-once", "late");

/** Heads that are not to be believed. */
export const brokenHeads: readonly string[] = [
  "\x00\x01\x02 no HTTP\r\n\r\n",
  "HTTP/1.1 999 Strange\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 99 Less\r\n\r\n",
  "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\n folded\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
  `HTTP/1.1 200 OK\r\n${`X: ${"x".repeat(8000)}\r\n`.repeat(20)}\r\n`,
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nbytes of a tunnel",
  "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nextra",
  "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
  "ICY 200 OK\r\n\r\n",
];
