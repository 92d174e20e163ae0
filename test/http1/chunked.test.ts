import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import { ChunkedDecoder, chunkHead, lastChunk } from "../../gateway/http1/chunked.ts";

interface Decoded {
  readonly body: string;
  readonly isEnded: boolean;
  /** Octets of the last piece that the body did not need. */
  readonly rest: number;
  readonly rule: string | undefined;
}

function decode(pieces: readonly Buffer[]): Decoded {
  const decoder = new ChunkedDecoder();
  let body = "";
  for (const piece of pieces) {
    // What is read is moved within its buffer.
    const at = decoder.read(Buffer.from(piece), 0);
    body += decoder.data?.toString("latin1") ?? "";
    if (at === -1) return { body, isEnded: decoder.isEnded, rest: 0, rule: decoder.rule };
    if (decoder.isEnded) return { body, isEnded: true, rest: piece.length - at, rule: undefined };
  }
  return { body, isEnded: false, rest: 0, rule: undefined };
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const octets = (text: string): readonly Buffer[] => Array.from(bytes(text), (octet) => Buffer.of(octet));
const ended = (body: string, rest = 0): Decoded => ({ body, isEnded: true, rest, rule: undefined });

/** Both whole and octet by octet. */
function ruleOf(text: string): string | undefined {
  const { rule } = decode([bytes(text)]);
  assert.equal(decode(octets(text)).rule, rule);
  return rule;
}

describe("ChunkedDecoder", () => {
  test("takes extensions and trailers away, and stops behind the body", () => {
    const text = '5;a;b=c;d="e\\"\xff;\t"\r\nhello\r\n0006\r\n world\r\n00;x=y\r\n';
    const whole = `${text}X-T: v\r\nY:\r\n\r\nGET /`;
    assert.deepEqual(decode([bytes(whole)]), ended("hello world", 5));
    assert.deepEqual(decode(octets(whole.slice(0, -5))), ended("hello world"));
  });

  test("gives slices of the input, and the input itself where all of it is data", () => {
    const decoder = new ChunkedDecoder();
    const input = bytes("5\r\nhel");
    assert.equal(decoder.read(input, 0), input.length);
    assert.equal(decoder.data?.buffer, input.buffer);
    const next = bytes("l");
    decoder.read(next, 0);
    assert.equal(decoder.data, next);
    assert.equal(decoder.read(bytes("o\r\n"), 0), 3);
    assert.equal(decoder.data?.toString(), "o");
    assert.equal(decoder.read(bytes("3\r\n"), 0), 3);
    assert.equal(decoder.data, undefined);
  });

  test("gives one slice of each input, however small its chunks", () => {
    const decoder = new ChunkedDecoder();
    const input = bytes(`xx${"1\r\na\r\n1\r\nb\r\n".repeat(5000)}${lastChunk}GET`);
    assert.equal(decoder.read(input, 2), input.length - 3);
    assert.equal(decoder.data?.toString(), "ab".repeat(5000));
    assert.equal(decoder.data?.buffer, input.buffer);
    assert.equal(input.toString("latin1", 0, 2), "xx");
    assert.equal(input.toString("latin1", input.length - 3), "GET");
  });

  test("gives what came before a refusal", () => {
    const decoder = new ChunkedDecoder();
    assert.equal(decoder.read(bytes("1\r\na\r\n1\r\nb\r\nx"), 0), -1);
    assert.equal(decoder.data?.toString(), "ab");
  });

  test("takes sizes of 16 digits and of 2^53-1, and no larger ones", () => {
    assert.deepEqual(decode([bytes("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n")]), ended("hello"));
    assert.equal(ruleOf("1fffffffffffff\r\nx"), undefined);
    assert.equal(ruleOf("20000000000000\r\nx"), "chunk_size");
    assert.equal(ruleOf("00000000000000000\r\n\r\n"), "chunk_size");
  });

  test("refuses a faulty size as soon as it is one", () => {
    for (const text of ["x", "\r", "5 ", "5x", "20000000000000", "00000000000000000", ";"]) {
      assert.equal(ruleOf(text), "chunk_size", text);
    }
    assert.equal(ruleOf("\n"), "chunk_size");
    assert.equal(ruleOf("5\n"), "bare_lf");
    assert.equal(ruleOf("5\r\r"), "bare_cr");
  });

  test("bounds the extensions of the whole body, not of a chunk", () => {
    const chunk = `1;${"a".repeat(1022)}\r\nx\r\n`;
    // With its ";" not counted and its CR counted, each has 1,023 octets.
    assert.equal(ruleOf(`${chunk.repeat(16)}${lastChunk}`), undefined);
    assert.equal(ruleOf(`${chunk.repeat(17)}${lastChunk}`), "chunk_extension_too_long");
    assert.equal(ruleOf(`1;${"a".repeat(20_000)}`), "chunk_extension_too_long");
    assert.equal(ruleOf(`1;a="${"b".repeat(20_000)}`), "chunk_extension_too_long");
  });

  test("bounds the trailers, the empty line counted", () => {
    const room = 16_384 - "A: ".length - 4;
    assert.equal(ruleOf(`0\r\nA: ${"b".repeat(room)}\r\n\r\n`), undefined);
    assert.equal(ruleOf(`0\r\nA: ${"b".repeat(room + 1)}\r\n\r\n`), "trailers_too_large");
    assert.equal(ruleOf(`0\r\n${"A: b\r\n".repeat(4000)}`), "trailers_too_large");
  });

  test("refuses framing and hop-by-hop fields behind the body, in any case", () => {
    const names = "Content-Length TRANSFER-ENCODING connection Keep-Alive Upgrade Trailer TE Proxy-Authorization";
    for (const name of [...names.split(" "), "Proxy-Connection", "proxy-authenticate", "HTTP2-Settings"]) {
      assert.equal(ruleOf(`0\r\nA: b\r\n${name}: x\r\n\r\n`), "trailer_field", name);
    }
    assert.equal(ruleOf("0\r\nContent_Length: 5\r\n\r\n"), undefined);
  });

  test("is not ended by a refused trailer", () => {
    assert.equal(decode([bytes("0\r\nTE: x\r\n\r\n")]).isEnded, false);
  });

  test("decodes what the encoder makes, in whatever pieces it comes", () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, cuts, (chunks, places) => {
        const parts = chunks.flatMap((chunk) => [bytes(chunkHead(chunk.length)), Buffer.from(chunk), bytes("\r\n")]);
        const encoded = Buffer.concat([...parts, bytes(lastChunk)]);
        const ends = places.map((place) => Math.floor(place * encoded.length)).toSorted((a, b) => a - b);
        const split = [...ends, encoded.length].map((end, n) => encoded.subarray(n === 0 ? 0 : ends[n - 1], end));
        assert.deepEqual(decode(split), ended(Buffer.concat(chunks).toString("latin1")));
      }),
      { numRuns: 500 },
    );
  });
});

test("chunkHead writes the size in hexadecimal digits", () => {
  assert.deepEqual([1, 26, 65_536, Number.MAX_SAFE_INTEGER].map(chunkHead), [
    "1\r\n",
    "1a\r\n",
    "10000\r\n",
    "1fffffffffffff\r\n",
  ]);
});
