import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { HeadReader } from "../../gateway/http1/head-reader.ts";

const head = "GET / HTTP/1.1\r\nHost: a";
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** The outcome of the first piece that has one, and of which piece. */
function readPieces(reader: HeadReader, pieces: readonly string[]): readonly [piece: number, outcome: number] {
  for (const [n, piece] of pieces.entries()) {
    const outcome = reader.read(bytes(piece), 0);
    if (outcome !== -1) return [n, outcome];
  }
  return [pieces.length, -1];
}

describe("HeadReader", () => {
  test("says where the head ends in the chunk, and begins the next head there", () => {
    const reader = new HeadReader("request", 1000);
    const chunk = bytes(`junk${head}\r\n\r\n${head}2\r\n\r\nbody`);
    const end = reader.read(chunk, 4);
    assert.equal(end, 4 + head.length + 4);
    assert.equal(reader.text, head);
    assert.equal(reader.read(chunk, end), chunk.length - 4);
    assert.equal(reader.text, `${head}2`);
    assert.equal(reader.heldBytes, 0);
  });

  test("reads the same head at every split, and counts what it holds", () => {
    const whole = `${head}\r\n\r\n`;
    for (let at = 1; at < whole.length; at += 1) {
      const reader = new HeadReader("request", 1000);
      assert.equal(reader.read(bytes(whole.slice(0, at)), 0), -1);
      assert.equal(reader.heldBytes, at);
      assert.equal(reader.read(bytes(`${whole.slice(at)}rest`), 0), whole.length - at);
      assert.deepEqual([reader.text, reader.heldBytes], [head, 0]);
    }
  });

  test("an empty chunk changes nothing", () => {
    for (const kind of ["request", "response"] as const) {
      const reader = new HeadReader(kind, 1000);
      assert.equal(reader.read(bytes(""), 0), -1);
      assert.equal(reader.heldBytes, 0);
    }
  });

  test("counts the final CRLF CRLF, and takes a head of exactly maxBytes", () => {
    const size = head.length + 4;
    for (const pieces of [[`${head}\r\n\r\nrest`], [head, "\r\n\r\nrest"], Array.from(`${head}\r\n\r\n`)]) {
      assert.equal(readPieces(new HeadReader("request", size), pieces)[1] >= 0, true);
      const reader = new HeadReader("request", size - 1);
      assert.equal(readPieces(reader, pieces)[1], -2);
      assert.equal(reader.rule, "head_too_large");
    }
  });

  test("refuses a head that is too large once it holds maxBytes of it, and never holds more", () => {
    const reader = new HeadReader("request", 64);
    const octets = Array.from("GET / HTTP/1.1\r\nX: ".padEnd(200, "y"));
    assert.deepEqual(readPieces(reader, octets), [63, -2]);
    assert.equal(reader.heldBytes, 64);
    const whole = new HeadReader("request", 64);
    assert.equal(whole.read(bytes(octets.join("")), 0), -2);
    assert.equal(whole.heldBytes, 64);
  });

  test("tells a first line that alone is too large", () => {
    for (const pieces of [
      ["GET /".padEnd(100, "x")],
      Array.from("GET /".padEnd(100, "x")),
      [`${"GET /".padEnd(100, "x")}\r\n\r\n`],
    ]) {
      const reader = new HeadReader("request", 50);
      assert.equal(readPieces(reader, pieces)[1], -2);
      assert.equal(reader.rule, "first_line_too_large");
    }
  });

  test("names the octet before the size, where both are wrong", () => {
    for (const pieces of [
      ["GET /\0".padEnd(100, "x")],
      Array.from("GET /\0".padEnd(100, "x")),
      [`${"GET /\0".padEnd(100, "x")}\r\n\r\n`],
    ]) {
      const reader = new HeadReader("request", 50);
      assert.equal(readPieces(reader, pieces)[1], -2);
      assert.equal(reader.rule, "control_char");
    }
  });

  test("maxBytes may change between two heads", () => {
    const reader = new HeadReader("request", 10);
    reader.maxBytes = 1000;
    assert.equal(reader.read(bytes(`${head}\r\n\r\n`), 0), head.length + 4);
    reader.maxBytes = 10;
    assert.equal(reader.read(bytes(`${head}\r\n\r\n`), 0), -2);
  });

  test("skips four empty lines before a request, in pieces too, and holds nothing of them", () => {
    const reader = new HeadReader("request", 1000);
    assert.equal(readPieces(reader, ["\r", "\n\r\n", "\r", "\n"])[1], -1);
    assert.equal(reader.heldBytes, 0);
    assert.equal(reader.read(bytes(`\r\n${head}\r\n\r\n`), 0), head.length + 6);
    assert.equal(reader.text, head);
    assert.equal(readPieces(reader, ["\r\n\r\n\r\n\r\n\r", "\n"])[1], -2);
    assert.equal(reader.rule, "empty_lines_too_many");
  });

  test("counts the empty lines anew for each head", () => {
    const reader = new HeadReader("request", 1000);
    for (let n = 0; n < 3; n += 1) assert.ok(reader.read(bytes(`\r\n\r\n\r\n${head}\r\n\r\n`), 0) > 0);
  });

  test("skips no empty line before a response", () => {
    const reader = new HeadReader("response", 1000);
    assert.equal(reader.read(bytes("\r"), 0), -2);
    assert.equal(reader.rule, "status_line");
  });

  test("refuses at the first octet that no head can hold, though the head never ends", () => {
    const cases = [
      ["request", ["\x16"], "control_char"],
      ["request", ["GET / HTTP/1.1\n"], "bare_lf"],
      ["request", ["GET / HTTP/1.1\r", "X"], "bare_cr"],
      ["request", ["GET / HTTP/1.1\r\nX: \x1b"], "control_char"],
      ["request", ["GET / HTTP/1.1\r\n\r", "X"], "bare_cr"],
      ["response", ["S"], "status_line"],
      ["response", ["HTT", "X"], "status_line"],
      ["response", ["HTTP/", "2"], "version"],
      ["response", ["HTTP/1,"], "status_line"],
      ["response", ["HTTP/1.1 200 O\x1bK\r\nA: \x1b"], "control_char"],
    ] as const;
    for (const [kind, pieces, rule] of cases) {
      const reader = new HeadReader(kind, 1000);
      assert.deepEqual(readPieces(reader, pieces), [pieces.length - 1, -2], JSON.stringify(pieces));
      assert.equal(reader.rule, rule);
    }
  });

  test("reset forgets what is held, and the last text", () => {
    const reader = new HeadReader("request", 1000);
    reader.read(bytes(`${head}\r\n\r\n`), 0);
    reader.read(bytes("POST"), 0);
    reader.reset();
    assert.deepEqual([reader.heldBytes, reader.text], [0, ""]);
    assert.equal(reader.read(bytes(`${head}\r\n\r\n`), 0), head.length + 4);
    assert.equal(reader.text, head);
  });

  test("takes as long for twice the octets as it must", () => {
    const time = (length: number): number => {
      const reader = new HeadReader("request", 1 << 20);
      const octet = bytes("x");
      const before = process.cpuUsage();
      for (let n = 0; n < length; n += 1) reader.read(octet, 0);
      return process.cpuUsage(before).user;
    };
    time(20_000);
    // Sixteen times the octets; a search from the start each time would take 256 times as long.
    assert.ok(time(200_000) < 80 * Math.max(time(12_500), 1000));
  });
});
