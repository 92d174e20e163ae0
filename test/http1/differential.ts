import assert from "node:assert/strict";

import { wireRules } from "../../gateway/http1/rules.ts";
import { Oracle, type OracleReading } from "./llhttp.ts";
import { readAll, type Ending, type Message, type Reading } from "./message-reader.ts";
import { seeded } from "../support/seeded.ts";
import { inPieces, requestStream, responseStream, type Stream } from "./mutants.ts";

/** How often each ending came, and in how many of them llhttp refused the stream as well. */
export interface EndingCount {
  total: number;
  refusedByBoth: number;
}

export interface Comparison {
  readonly streams: number;
  /** Messages that both read, and read alike. */
  readonly messages: number;
  /** Streams with HTAB around a framing value, which llhttp alone refuses. */
  readonly laxer: number;
  readonly endings: ReadonlyMap<Ending, EndingCount>;
}

export interface ComparisonOptions {
  readonly direction: "requests" | "responses";
  readonly streams: number;
  readonly seed: number;
}

/** Every stream in random pieces must be read as the whole; one of so many is also cut at every place. */
const everyPlaceOnceIn = 200;
const longestForEveryPlace = 2000;

/**
 * Compares the codec with node:http's llhttp over mutants. Throws at the first stream that the codec reads where llhttp
 * does not, or reads differently, or reads differently in pieces.
 */
export function compare({ direction, streams, seed }: ComparisonOptions): Comparison {
  const random = seeded(seed);
  const oracle = new Oracle();
  const endings = new Map<Ending, EndingCount>();
  let messages = 0;
  let laxer = 0;
  for (let n = 0; n < streams; n += 1) {
    const stream = direction === "requests" ? requestStream(random) : responseStream(random);
    const reading = readAll([stream.bytes], stream);
    const verdict = judge(stream, reading, oracle);
    const fault = verdict.fault ?? splitFault(stream, reading, inPieces(stream.bytes, random));
    if (fault !== undefined) fail(stream, { fault, reading });
    if (verdict.isLaxer) laxer += 1;
    if (n % everyPlaceOnceIn === 0) splitEverywhere(stream, reading);
    messages += reading.messages.length;
    const count = endings.get(reading.ending) ?? { total: 0, refusedByBoth: 0 };
    count.total += 1;
    if (oracle.hasRefused) count.refusedByBoth += 1;
    endings.set(reading.ending, count);
  }
  return { streams, messages, laxer, endings };
}

/** The comparison as a table of rules, the most frequent first. */
export function tableOf({ streams, messages, laxer, endings }: Comparison): string {
  const rows = [...endings].toSorted(([, a], [, b]) => b.total - a.total);
  const lines = rows.map(([ending, { total, refusedByBoth }]) =>
    [
      ending.padEnd(38),
      String(total).padStart(9),
      String(refusedByBoth).padStart(9),
      String(total - refusedByBoth).padStart(9),
    ].join(" "),
  );
  const head = `${"ending".padEnd(38)}     total    llhttp  and not`;
  return [
    `${streams} streams, ${messages} messages read alike, ${laxer} streams with HTAB around a framing value`,
    head,
    ...lines,
  ].join("\n");
}

interface Verdict {
  /** Where the codec is laxer than llhttp, or reads something else. */
  readonly fault: string | undefined;
  /** It is laxer, but in whitespace around framing values alone. */
  readonly isLaxer: boolean;
}

function judge(stream: Stream, reading: Reading, oracle: Oracle): Verdict {
  const fault = difference(stream, reading, oracle);
  const plain = fault === undefined ? stream : withoutTabs(stream);
  if (plain === stream) return { fault, isLaxer: false };
  const plainReading = readAll([plain.bytes], plain);
  const isAlike = plainReading.ending === reading.ending && plainReading.messages.length === reading.messages.length;
  return { fault: isAlike ? difference(plain, plainReading, oracle) : fault, isLaxer: true };
}

/** HTAB is whitespace around every value (RFC 9110 §5.6.3); llhttp refuses it around the values of framing fields. */
function withoutTabs(stream: Stream): Stream {
  const text = stream.bytes.toString("latin1");
  const plain = text.replace(
    /^(?:content-length|transfer-encoding):[\t ]*|(?<=^(?:content-length|transfer-encoding):[^\r]*)[\t ]+(?=\r)/gim,
    (found) => found.replaceAll("\t", " "),
  );
  return plain === text ? stream : { ...stream, bytes: Buffer.from(plain, "latin1") };
}

function difference(stream: Stream, reading: Reading, oracle: Oracle): string | undefined {
  const expected = oracle.read(stream.bytes, stream.methods);
  for (const [at, message] of reading.messages.entries()) {
    const other = expected.messages[at];
    if (other === undefined) return `message ${at} is none for llhttp: ${expected.refusal}`;
    const fault = messageFault(message, other);
    if (fault !== undefined) return `message ${at}: ${fault} ${JSON.stringify(other)}`;
  }
  if (reading.ending === "end") return endFault(reading, expected);
  if (reading.ending === "partial" && expected.refusal !== "") return partialFault(stream, expected);
  return undefined;
}

function endFault(reading: Reading, expected: OracleReading): string | undefined {
  if (expected.refusal !== "") return `refused by llhttp alone: ${expected.refusal}`;
  if (expected.messages.length !== reading.messages.length) return "another number of messages";
  return expected.endRefusal === "" ? undefined : `incomplete for llhttp: ${expected.endRefusal}`;
}

/** What llhttp refuses already, the codec must refuse once its line and its section are complete. */
function partialFault(stream: Stream, expected: OracleReading): string | undefined {
  const completed = Buffer.concat([stream.bytes, Buffer.from("\r\n\r\n")]);
  const { ending } = readAll([completed], stream);
  return isRule(ending) ? undefined : `refused by llhttp alone: ${expected.refusal}; by the codec ${ending}`;
}

function isRule(ending: Ending): boolean {
  return ending in wireRules || ending === "method_unknown";
}

function messageFault(message: Message, other: Message): string | undefined {
  if (message.start !== other.start) return "another first line";
  if (message.minorVersion !== other.minorVersion) return "another version";
  if (message.fields.length !== other.fields.length) return "another number of fields";
  if (message.fields.some((text, at) => text !== other.fields[at])) return "other fields";
  // llhttp judges a response before it knows whether it answers HEAD.
  const isRequest = /\D/.test(message.start);
  if (isRequest && message.isPersistent && !other.isPersistent) return "persistent for the codec alone";
  if (message.isComplete !== other.isComplete && message.isComplete) return "complete for the codec alone";
  const isAlike = message.isComplete ? message.body === other.body : other.body.startsWith(message.body);
  return isAlike ? undefined : "another body";
}

function splitFault(stream: Stream, whole: Reading, pieces: readonly Buffer[]): string | undefined {
  try {
    assert.deepEqual(readAll(pieces, stream), whole);
    return undefined;
  } catch {
    return `another reading in pieces of ${pieces.map((piece) => piece.length).join(", ")}`;
  }
}

function splitEverywhere(stream: Stream, whole: Reading): void {
  const { bytes } = stream;
  if (bytes.length > longestForEveryPlace) return;
  const octets = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const splits = octets.map((_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  for (const pieces of [octets, ...splits]) {
    const fault = splitFault(stream, whole, pieces);
    if (fault !== undefined) fail(stream, { fault, reading: whole });
  }
}

function fail(stream: Stream, facts: object): never {
  assert.fail(
    JSON.stringify({ stream: stream.bytes.toString("latin1"), methods: stream.methods, ...facts }, undefined, 2),
  );
}
