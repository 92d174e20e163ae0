import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { StatusLines } from "../../gateway/upstream/status-lines.ts";

interface Seen {
  readonly accepted: boolean;
  readonly bytes: string;
  readonly minorVersion: number;
  readonly continues: readonly boolean[];
}

/** What is seen of an answer that comes in pieces cut at these places. */
function follow(answer: string, cuts: readonly number[] = []): Seen {
  const lines = new StatusLines();
  lines.begin();
  const bytes = Buffer.from(answer, "latin1");
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  let accepted = true;
  for (let n = 1; n < places.length && accepted; n += 1)
    accepted = lines.follow(bytes.subarray(places[n - 1], places[n]));
  const interim = [...bytes.toString("latin1").matchAll(/HTTP\/1\.[01] 1/g)];
  return {
    accepted,
    bytes: bytes.toString("latin1"),
    minorVersion: lines.minorVersion,
    continues: interim.map(() => lines.isContinue()),
  };
}

const final = "HTTP/1.1 200 OK\r\nX: HTTP/1.1 100\r\n\r\nHTTP/2.0 body";

test("takes HTTP/1.0 and 1.1, and tells which", () => {
  assert.deepEqual(follow(final), { accepted: true, bytes: final, minorVersion: 1, continues: [false] });
  assert.equal(follow("HTTP/1.0 404 \r\n\r\n").minorVersion, 0);
  assert.equal(follow("HTTP/1.1 200\r\n\r\n").accepted, true);
});

test("refuses every other first line, and one with a bare CR in it", () => {
  const others = [
    "HTTP/2.0",
    "HTTP/0.9",
    "HTTP/1.2",
    "RTSP/1.0",
    "ICE/1.0",
    "ICY",
    "http/1.1",
    "\r\nHTTP/1.1",
    "HTTP/1.1\t",
  ];
  for (const other of others) assert.equal(follow(`${other} 200 OK\r\n\r\n`).accepted, false, other);
  assert.equal(follow("HTTP/1.1 200 \r\rX: y\r\n\r\n").accepted, false);
  assert.equal(follow("HTTP/1.1 103 E\r\nX: a\rb\r\n\r\n").accepted, false);
});

test("follows interim responses to the final one, and turns each 100 into a 102 that it knows again", () => {
  const interim = [
    "HTTP/1.1 100 C\r\n\r\n",
    "HTTP/1.1 102 P\r\n\r\n",
    "HTTP/1.1 103\r\nLink: <a>\r\n\r\n",
    "HTTP/1.1 100\r\nX: y\r\n\r\n",
  ];
  const seen = follow(interim.join("") + "HTTP/1.0 200 OK\r\n\r\n");
  assert.deepEqual([seen.accepted, seen.minorVersion], [true, 0]);
  assert.deepEqual(seen.continues, [true, false, false, true]);
  assert.equal(seen.bytes, `${interim.join("")}HTTP/1.0 200 OK\r\n\r\n`.replaceAll("1.1 100", "1.1 102"));
  assert.equal(follow(`${interim.join("")}HTTP/2.0 200 OK\r\n\r\n`).accepted, false);
});

test("looks at nothing behind the final status line, nor at a connection that carries no request", () => {
  const lines = new StatusLines();
  assert.equal(lines.follow(Buffer.from("surplus")), true);
  lines.begin();
  assert.equal(lines.follow(Buffer.from(final)), true);
  assert.equal(lines.follow(Buffer.from("anything")), true);
  lines.begin();
  assert.equal(lines.follow(Buffer.from("anything")), false);
});

test("sees the same however the bytes are cut", () => {
  const head = fc.constantFrom(
    "HTTP/1.1 100 C\r\n\r\n",
    "HTTP/1.1 103 E\r\nLink: <a>\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 100\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.1 102 P\r\rX\r\n\r\n",
  );
  fc.assert(
    fc.property(fc.array(head, { minLength: 1, maxLength: 5 }), fc.array(fc.nat()), (heads, cuts) => {
      const { accepted, ...whole } = follow(heads.join(""));
      const { accepted: acceptedInPieces, ...pieces } = follow(heads.join(""), cuts);
      assert.equal(acceptedInPieces, accepted);
      if (accepted) assert.deepEqual(pieces, whole);
    }),
  );
});
