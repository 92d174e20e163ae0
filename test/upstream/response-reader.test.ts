import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { ResponseHead } from "../../gateway/http1/response-head.ts";
import type { WireRule } from "../../gateway/http1/rules.ts";
import type { ResponseConsumer } from "../../gateway/upstream/response-reader.ts";

import { ResponseReader } from "../../gateway/upstream/response-reader.ts";

type EventName = "interim" | "head" | "data" | "end" | "refused";

/** Notes what is read; data in one piece, however it came. Stops the reader at the first event that is named. */
class Notes implements ResponseConsumer {
  readonly reader = new ResponseReader(256);
  readonly events: Array<readonly [EventName, ...unknown[]]> = [];
  surplus = 0;
  readonly #stopsAt: EventName | undefined;

  constructor(method: string, stopsAt?: EventName) {
    this.#stopsAt = stopsAt;
    this.reader.begin(method, this);
  }

  interim({ status }: ResponseHead): void {
    this.#note("interim", status);
  }

  head({ status, fields }: ResponseHead, isDelimited: boolean): void {
    this.#note("head", status, isDelimited, fields.list.join(" "));
  }

  data(chunk: Buffer): void {
    assert.ok(chunk.length > 0, "data is never empty");
    const last = this.events.at(-1);
    if (last?.[0] === "data")
      this.events[this.events.length - 1] = ["data", String(last[1]) + chunk.toString("latin1")];
    else this.#note("data", chunk.toString("latin1"));
  }

  end(surplus: number): void {
    this.surplus += surplus;
    this.#note("end");
  }

  refused(rule: WireRule): void {
    this.#note("refused", rule);
  }

  /** Reads bytes as they come in these pieces. */
  read(pieces: readonly string[]): this {
    for (const piece of pieces) {
      if (this.reader.isAwaiting) this.reader.read(Buffer.from(piece, "latin1"));
      else this.surplus += piece.length;
    }
    return this;
  }

  #note(...event: readonly [EventName, ...unknown[]]): void {
    this.events.push(event);
    if (event[0] === this.#stopsAt) this.reader.stop();
  }
}

interface Case {
  readonly name: string;
  readonly method?: string;
  readonly bytes: string;
  readonly events: ReadonlyArray<readonly [EventName, ...unknown[]]>;
  readonly surplus?: number;
  /** Only the end of the connection ends it. */
  readonly endsWithConnection?: boolean;
}

const cases: readonly Case[] = [
  {
    name: "a length",
    bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello",
    events: [["head", 200, true, "content-length 5 x-a 1"], ["data", "hello"], ["end"]],
  },
  {
    name: "a length, and bytes behind it that nobody asked for",
    bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200",
    events: [["head", 200, true, "content-length 5"], ["data", "hello"], ["end"]],
    surplus: 12,
  },
  {
    name: "no body by its length",
    bytes: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    events: [["head", 404, true, "content-length 0"], ["end"]],
  },
  {
    name: "chunks",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX-Trailer: t\r\n\r\n",
    events: [["head", 200, true, "transfer-encoding chunked"], ["data", "hello"], ["end"]],
  },
  {
    name: "chunks, and bytes behind them",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nxyz",
    events: [["head", 200, true, "transfer-encoding chunked"], ["data", "a"], ["end"]],
    surplus: 3,
  },
  {
    name: "the end of the connection",
    bytes: "HTTP/1.0 200 OK\r\n\r\nhello, world",
    events: [
      ["head", 200, false, ""],
      ["data", "hello, world"],
    ],
    endsWithConnection: true,
  },
  {
    name: "a HEAD's fields alone",
    method: "HEAD",
    bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    events: [["head", 200, true, "content-length 5"], ["end"]],
  },
  {
    name: "a HEAD's fields, and a body that a server sends all the same",
    method: "HEAD",
    bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    events: [["head", 200, true, "content-length 5"], ["end"]],
    surplus: 5,
  },
  ...[204, 304].map((status) => ({
    name: `${status}, which has no body`,
    bytes: `HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\n\r\n`,
    events: [["head", status, true, "transfer-encoding chunked"] as const, ["end"] as const],
  })),
  {
    name: "interim responses before it",
    bytes:
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    events: [["interim", 100], ["interim", 103], ["head", 200, true, "content-length 2"], ["data", "ok"], ["end"]],
  },
  {
    name: "what is no HTTP",
    bytes: "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    events: [["refused", "status_line"]],
  },
  {
    name: "a status that is none",
    bytes: "HTTP/1.1 600 X\r\n\r\n",
    events: [["refused", "status_range"]],
  },
  {
    name: "a transfer coding other than chunked",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    events: [["refused", "transfer_coding_unknown"]],
  },
  {
    name: "a length beside chunks",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
    events: [["refused", "content_length_and_transfer_encoding"]],
  },
  {
    name: "a head over its limit",
    bytes: `HTTP/1.1 200 OK\r\nX-Long: ${"a".repeat(300)}\r\n\r\n`,
    events: [["refused", "head_too_large"]],
  },
  {
    name: "an interim response over the limit, behind one that was not",
    bytes: `HTTP/1.1 103 X\r\n\r\nHTTP/1.1 103 X\r\nX-Long: ${"a".repeat(300)}\r\n\r\n`,
    events: [
      ["interim", 103],
      ["refused", "head_too_large"],
    ],
  },
  {
    name: "chunks that break off into something else",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\nzz\r\n",
    events: [
      ["head", 200, true, "transfer-encoding chunked"],
      ["data", "he"],
      ["refused", "chunk_size"],
    ],
  },
];

describe("a response", () => {
  for (const { name, method = "GET", bytes, events, surplus = 0, endsWithConnection = false } of cases) {
    const check = (notes: Notes, how: string): void => {
      assert.deepEqual(notes.events, events, how);
      assert.equal(notes.reader.endsWithConnection(), endsWithConnection, how);
      assert.equal(notes.reader.isAwaiting, endsWithConnection, how);
      if (events.at(-1)?.[0] === "end") assert.equal(notes.surplus, surplus, how);
    };

    test(`is read by ${name}, and the same wherever it is cut`, () => {
      check(new Notes(method).read([bytes]), "whole");
      check(new Notes(method).read(bytes.split("")), "byte by byte");
      for (let at = 1; at < bytes.length; at++) {
        check(new Notes(method).read([bytes.slice(0, at), bytes.slice(at)]), `cut at ${at}`);
      }
    });
  }

  test("is read the same however often it is cut", () => {
    const cut = fc.tuple(fc.constantFrom(...cases), fc.array(fc.nat(400), { maxLength: 12 }));
    const property = fc.property(cut, ([one, places]) => {
      const sorted = [0, ...places.toSorted((a, b) => a - b), one.bytes.length];
      const pieces = sorted.slice(1).map((end, n) => one.bytes.slice(sorted[n], end));
      const notes = new Notes(one.method ?? "GET").read(pieces.filter((piece) => piece !== ""));
      assert.deepEqual(notes.events, one.events);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe("a consumer that stops the reader", () => {
  for (const { name, method = "GET", bytes, events } of cases) {
    test(`hears nothing more of ${name}`, () => {
      for (const stop of new Set(events.map(([event]) => event))) {
        const heard = events.slice(0, events.findIndex(([event]) => event === stop) + 1);
        const notes = new Notes(method, stop).read([bytes]);
        const told = notes.events.map(([event]) => event);
        assert.deepEqual(
          told,
          heard.map(([event]) => event),
        );
        assert.deepEqual([notes.reader.isAwaiting, notes.reader.endsWithConnection()], [false, false]);
      }
    });
  }

  test("in the midst of a head, of chunks or of a length may begin another response", () => {
    for (const begun of [
      "HTTP/1.1 200 OK\r\nX",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
    ]) {
      const notes = new Notes("GET").read([begun]);
      notes.reader.stop();
      notes.events.splice(0);
      notes.reader.begin("GET", notes);
      notes.read(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
      assert.deepEqual(notes.events, [["head", 200, true, "content-length 2"], ["data", "ok"], ["end"]]);
    }
  });
});

test("one response after the other is read on one connection, each by the method that it answers", () => {
  const notes = new Notes("HEAD").read(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"]);
  notes.reader.begin("GET", notes);
  notes.read(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"]);
  assert.deepEqual(
    notes.events.map(([event]) => event),
    ["head", "end", "head", "data", "end"],
  );
});

test("data is a slice of what was read, not a copy", () => {
  const bytes = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const reader = new ResponseReader(256);
  let isSlice = false;
  reader.begin("GET", {
    interim() {},
    head() {},
    data: (chunk) => void (isSlice = chunk.buffer === bytes.buffer),
    end() {},
    refused: (rule) => assert.fail(rule),
  });
  reader.read(bytes);
  assert.equal(isSlice, true);
});
