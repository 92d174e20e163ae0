import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ResponseParser } from "../../../load-tests/generator/response-parser.ts";

interface Seen {
  readonly state: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly closes: boolean;
}

function read(pieces: readonly Buffer[], options: { isHead?: boolean; ends?: boolean } = {}): Seen {
  const parser = new ResponseParser();
  parser.begin(options.isHead ?? false);
  // As from the buffer that all connections share: what was read is overwritten by the next read.
  const shared = Buffer.alloc(64 * 1024);
  let state = "head";
  for (const piece of pieces) {
    piece.copy(shared);
    state = parser.feed(shared.subarray(0, piece.length));
    shared.fill("#");
  }
  if (options.ends === true) state = parser.end();
  const { status, code, retryAfterSeconds, closes } = parser;
  return { state, status, code, retryAfterSeconds, closes };
}

const problem = JSON.stringify({ type: "about:blank", status: 503, code: "queue_timeout", requestId: "a" });
const shed = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: ${problem.length}\r\nRetry-After: 2\r\nConnection: keep-alive\r\n\r\n${problem}`;
const chunked = (fields: string, ...chunks: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields}\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}`;

const whole = { state: "whole", code: undefined, retryAfterSeconds: undefined, closes: false };

const responses: ReadonlyArray<readonly [name: string, bytes: string, seen: Seen]> = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { ...whole, status: 200 }],
  ["no body at all", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", { ...whole, status: 200 }],
  ["204 without a length", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", { ...whole, status: 204 }],
  ["304 with one", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", { ...whole, status: 304 }],
  ["a shed", shed, { ...whole, status: 503, code: "queue_timeout", retryAfterSeconds: 2 }],
  ["chunks", chunked("", "hello", "a".repeat(300)) + "0\r\n\r\n", { ...whole, status: 200 }],
  ["chunks with trailers", chunked("", "hello") + "0\r\nX-Sum: 1\r\nY: 2\r\n\r\n", { ...whole, status: 200 }],
  [
    "chunk extensions",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, CHUNKED\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
    { ...whole, status: 200 },
  ],
  [
    "a chunked problem",
    chunked("Content-Type: Application/Problem+JSON; charset=utf-8\r\n", problem.slice(0, 40), problem.slice(40)) +
      "0\r\n\r\n",
    { ...whole, status: 200, code: "queue_timeout" },
  ],
  [
    "1xx before",
    "HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\nConnection: close\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    { ...whole, status: 200 },
  ],
  [
    "Connection: close",
    "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nok",
    { ...whole, status: 200, closes: true },
  ],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", { ...whole, status: 200, closes: true }],
];

describe("a whole response", () => {
  for (const [name, bytes, seen] of responses) {
    test(`is read in one piece, split in two at every byte, and byte by byte: ${name}`, () => {
      const buffer = Buffer.from(bytes);
      assert.deepEqual(read([buffer]), seen);
      for (let at = 1; at < buffer.length; at += 1) {
        assert.deepEqual(read([buffer.subarray(0, at), buffer.subarray(at)]), seen, `split at ${at}`);
      }
      assert.deepEqual(read([...buffer].map((byte) => Buffer.of(byte))), seen);
    });

    test(`is broken if the connection ends before its last byte: ${name}`, () => {
      const buffer = Buffer.from(bytes);
      for (let at = 0; at < buffer.length; at += 1) {
        assert.equal(read([buffer.subarray(0, at)], { ends: true }).state, "broken", `ends after ${at}`);
      }
    });
  }

  test("without a length lasts until the connection ends", () => {
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\nX: y\r\n\r\nsome");
    assert.equal(read([bytes]).state, "until-close");
    assert.deepEqual(read([bytes, Buffer.from("more")], { ends: true }), { ...whole, status: 200, closes: true });
  });

  test("to a HEAD has no body, whatever length it tells", () => {
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    assert.equal(read([bytes], { isHead: true }).state, "whole");
    assert.equal(read([bytes]).state, "fixed");
  });

  test("with bytes after its end leaves a connection that can not be used again", () => {
    assert.deepEqual(read([Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!")]), {
      ...whole,
      status: 200,
      closes: true,
    });
  });

  test("one parser reads the next response as if it had read none", () => {
    const parser = new ResponseParser();
    for (const [, bytes, { status, code, retryAfterSeconds, closes }] of responses) {
      parser.begin(false);
      assert.equal(parser.feed(Buffer.from(bytes)), "whole");
      assert.deepEqual(
        [parser.status, parser.code, parser.retryAfterSeconds, parser.closes],
        [status, code, retryAfterSeconds, closes],
      );
    }
  });
});

describe("Retry-After", () => {
  const withRetryAfter = (value: string): number | undefined =>
    read([Buffer.from(`HTTP/1.1 503 No\r\nContent-Length: 0\r\nretry-after: ${value}\r\n\r\n`)]).retryAfterSeconds;

  test("counts in whole seconds of at least 1", () => {
    assert.deepEqual(["1", " 30\t"].map(withRetryAfter), [1, 30]);
  });

  test("is none as a date, a fraction, 0, or nothing", () => {
    const values = ["Tue, 01 Jan 2030 00:00:00 GMT", "0.5", "0", "-1", "", "1e3"];
    assert.deepEqual(
      values.map(withRetryAfter),
      [...values].fill("").map(() => undefined),
    );
  });
});

describe("Keep-Alive", () => {
  const keptFor = (line: string): number => {
    const parser = new ResponseParser();
    parser.begin(false);
    parser.feed(Buffer.from(`HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 0\r\nX: 1,2\r\n\r\n`));
    return parser.keepAliveMs;
  };

  test("tells how long the server keeps the connection, by its first parameter", () => {
    const lines = ["Keep-Alive: timeout=5", "keep-alive: Timeout=75, max=100", "Keep-Alive: timeout=0"];
    assert.deepEqual(lines.map(keptFor), [5000, 75_000, 0]);
  });

  test("tells nothing where it has no time, or is not there", () => {
    const lines = ["Keep-Alive: max=5", "Keep-Alive: timeout=", "Keep-Alive: timeout=1e3", "Keep: timeout=5"];
    assert.deepEqual(
      lines.map(keptFor),
      lines.map(() => Infinity),
    );
  });
});

describe("what is no HTTP", () => {
  const heads = [
    "SSH-2.0-x\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`,
  ];
  for (const bytes of heads) {
    test(`is broken, and stays it: ${JSON.stringify(bytes.slice(0, 60))}`, () => {
      const pieces = [Buffer.from(bytes.slice(0, 40_000)), Buffer.from(bytes.slice(40_000))];
      assert.equal(read(pieces).state, "broken");
      assert.equal(read([...pieces, Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]).state, "broken");
    });
  }
});
