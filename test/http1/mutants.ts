import { mutant as requestMutant } from "../rfc/request-mutants.ts";
import { mutate as responseMutant } from "../rfc/response-mutants.ts";
import type { StreamOptions } from "./message-reader.ts";

import { requestShapes } from "./request-shapes.ts";
import { responseShapes } from "./response-shapes.ts";

/** 0 ≤ x < 1 */
export type Random = () => number;

export interface Stream extends StreamOptions {
  readonly bytes: Buffer;
}

const below = (random: Random, bound: number): number => Math.floor(random() * bound);
const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T;

// oxfmt-ignore
const characters = [
  "\r", "\n", "\r\n", "\0", "\t", " ", ":", ";", ",", "=", "/", "%", "#", "?", "@", "[", "\\", "\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\xa0", "\xff", '"', "'", "(", "0", "1", "a", "F", "_", "-", "+", "*",
];
// oxfmt-ignore
const fields = [
  "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding: identity", "Transfer-Encoding : chunked", "Transfer-Encoding:chunked ", "Transfer-Encoding: chunked\t",
  "Transfer-Encoding: \t chunked \t", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding:",
  "Content-Length: 0", "Content-Length: 5", "Content-Length: 5 ", "Content-Length: 5\t", "Content-Length:\t5", "content-length: 0005", "Content-Length: 35", "Content-Length: 5, 5", "Content-Length: 0x5", "Content-Length: ",
  "Content-Length: 9007199254740991", "Content-Length: 9007199254740993", "Content-Length: 18446744073709551616", "Connection: close", "Connection: keep-alive", "Connection: close, keep-alive", "Connection: Keep-Alive, X",
  "Connection: closed", "Connection: x, close", "Connection:\tclose\t", "Connection: ,close,", "connection: CLOSE", "Connection: upgrade", "Connection: clo se", "Connection: close;q=1", "Connection: \xa0close",
  "Upgrade: websocket", "Proxy-Connection: close", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5", "Host: b", "Trailer: X", "X-A: \xff\xfe", "X-B:", ": x", " X: y", "\tX: y", "X Y: z", "X|~^`.*'&%$#!+: token", "X: \x08", "__proto__: x",
];
// oxfmt-ignore
const values = ["", " ", "\t", "0", "1", "5", "35", "-1", "+1", "1e1", "0x5", "00", "chunked", "close", "keep-alive", "gzip, chunked", "chunked, chunked", "\0", "\r", "\n", "a,b", "\x7f", "18446744073709551617", "9007199254740992"];
const breaks = ["\n", "\r", "\r\r\n", "\r\n\r\n", "\n\r", "\r\n ", " \r\n", "\0\r\n", "", "\t\r\n", "\r\n\t"];
// oxfmt-ignore
const sizes = ["", "0", "1", "4", "5", "6", "a", "0005", "5 ", " 5", "5;", "5;a", "5;a=b", '5;a="b;\\"c"', "5;a;b=c", "5;a=", "5 ;a", "5\t", "+5", "0x5", "fffffffffffffff", "ffffffffffffffff", "1fffffffffffff", "20000000000000", "00000000000000005", "0000000000000005", "g", "-0", "100000005", "10000000000005", "1000000000000000"];
// oxfmt-ignore
const firstLines = [
  "GET / HTTP/1.0", "GET / HTTP/1.1", "HEAD /h HTTP/1.1", "QUERY /q HTTP/1.1", "M-SEARCH * HTTP/1.1", "PRI * HTTP/2.0", "SOURCE / ICE/1.0", "SOURCE / HTTP/1.1", "OPTIONS / RTSP/1.0", "DESCRIBE / HTTP/1.1", "get / HTTP/1.1", "GETS / HTTP/1.1", "BREW / HTTP/1.1",
  "CONNECT a:80 HTTP/1.1", "CONNECT / HTTP/1.1", "CONNECT [::1]:80 HTTP/1.1", "GET http://a/b HTTP/1.1", "GET http://u:p@a:80?q HTTP/1.1", "GET http://[::1]/ HTTP/1.1", "GET http://a@b@c/ HTTP/1.1", "GET ws+x://a HTTP/1.1", "GET a: HTTP/1.1",
  "GET http:///x HTTP/1.1", "GET http://a\\b/ HTTP/1.1", "GET http://a#f HTTP/1.1", "GET a:80 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET *x HTTP/1.1", "GET /a?b?c#d#e?f HTTP/1.1", "GET /# HTTP/1.1", "GET /?# HTTP/1.1", 'GET /<>"{}|\\^` HTTP/1.1', "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / HTTP/2.0", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1",
  "GET /%zz%00 HTTP/1.1", "GET /\x80 HTTP/1.1", "GET /\t HTTP/1.1", "GET /\x0c HTTP/1.1", "GET ? HTTP/1.1", "GET # HTTP/1.1",
];
// oxfmt-ignore
const statusLines = [
  "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 \x01\x1b", "HTTP/1.1 200 \0", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200OK", "HTTP/1.1 100 C", "HTTP/1.1 101 S", "HTTP/1.1 102 P", "HTTP/1.1 103 E", "HTTP/1.1 150 X", "HTTP/1.1 199 X",
  "HTTP/1.1 204 N", "HTTP/1.1 205 R", "HTTP/1.1 304 N", "HTTP/1.0 304 N", "HTTP/1.1 404 N", "HTTP/1.1 599 X", "HTTP/1.1 600 X", "HTTP/1.1 099 X", "HTTP/1.1 000 X", "HTTP/1.1 999 X", "HTTP/1.1 99", "HTTP/1.1 2000", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/1.2 200 OK", "RTSP/1.0 200 OK", "ICE/1.0 200 OK", "ICY 200 OK", "http/1.1 200 OK", "GET / HTTP/1.1",
];
// oxfmt-ignore
const soundFields = [
  "Host: a", "Connection: keep-alive", "Connection: x, Keep-Alive", "Connection: close", "X-Empty:", "X-Empty: \t ", "X-Wide: \xff\x80\t\xe9", "Cookie: a=b; c=d", "X_Under: 1", "Content-Length: 0", "Content-Length: 000", "Expect: 100-continue", "Keep-Alive: timeout=5", "Trailer: X-T", "TE: trailers", "!#$%&'*+-.^`|~: token", "X-Trimmed:\t a b \t",
];
// oxfmt-ignore
const chunkedBodies = [
  "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n", '5;a="b\\"";c\r\nhello\r\n00\r\nX-T: 1\r\n\r\n', "0\r\n\r\n", "1\r\na\r\n1\r\nb\r\n0\r\nA: b\r\nC: d\r\n\r\n", "0000000000000001;a;b\r\n\n\r\n0;x=y\r\n\r\n", "A\r\n0123456789\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n", '2;q="\t \xff;=\\\\"\r\n\r\n\r\n0\r\n\r\n',
];
const isChunked: ReadonlySet<string> = new Set(chunkedBodies);
const bodies = [
  "",
  "hello",
  "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.1 200 OK\r\n\r\n",
  "\r\n",
  "0\r\n\r\n",
];

const requestStreams = Object.values(requestShapes).flat().filter(isShort);
const responseStreams = Object.values(responseShapes).flat().filter(isShort);

/** Long ones are read by the tests of the shapes, and would take all the time here. */
function isShort(stream: string): boolean {
  return stream.length < 4000;
}

type Mutation = (text: string, random: Random) => string;

function splice(text: string, range: readonly [from: number, to: number], by: string): string {
  return text.slice(0, range[0]) + by + text.slice(range[1]);
}

/** Changes one line without its end. */
function atLine(text: string, random: Random, change: (line: string) => string): string {
  const lines = text.split("\r\n");
  const at = below(random, lines.length);
  lines[at] = change(lines[at] ?? "");
  return lines.join("\r\n");
}

const mutations: readonly Mutation[] = [
  (text, random) => {
    const at = below(random, text.length + 1);
    return splice(text, [at, at], pick(random, characters));
  },
  (text, random) => {
    const at = below(random, text.length + 1);
    return splice(text, [at, at + 1], pick(random, characters));
  },
  (text, random) => {
    const at = below(random, text.length + 1);
    return splice(text, [at, at + 1], String.fromCharCode(below(random, 256)));
  },
  (text, random) => {
    const at = below(random, text.length + 1);
    return splice(text, [at, at + 1 + below(random, 4)], "");
  },
  (text, random) => {
    const found = [...text.matchAll(/\r\n/g)];
    const at = found.length === 0 ? 0 : pick(random, found).index;
    return splice(text, [at, at + 2], pick(random, breaks));
  },
  (text, random) => atLine(text, random, (line) => `${line}\r\n${pick(random, fields)}`),
  (text, random) => atLine(text, random, (line) => `${line}\r\n${pick(random, fields)}`),
  (text, random) => atLine(text, random, (line) => `${line}\r\n${line}`),
  (text, random) => atLine(text, random, (line) => line.replace(/:.*/s, `: ${pick(random, values)}`)),
  (text, random) =>
    atLine(text, random, (line) => line.replace(":", pick(random, [" :", "\t:", ":\t", "::", "", ": \t"]))),
  (text, random) => atLine(text, random, (line) => line + pick(random, [" ", "\t", " \t", "\0", "\xa0", "\r"])),
  (text, random) => atLine(text, random, (line) => (random() < 0.5 ? line.toUpperCase() : line.toLowerCase())),
  (text, random) => atLine(text, random, (line) => (/^[0-9a-f]+$/i.test(line) ? pick(random, sizes) : line)),
  (text, random) => atLine(text, random, (line) => line.replace(/[0-9a-f]+$/i, () => String(below(random, 40)))),
  (text, random) => text.slice(0, below(random, text.length + 1)),
];

function message(random: Random, isRequest: boolean): string {
  const sound = isRequest ? pick(random, ["GET", "POST", "QUERY", "OPTIONS"]) + " /x?y HTTP/1.1" : "HTTP/1.1 200 OK";
  const lines = [random() < 0.65 ? sound : pick(random, isRequest ? firstLines : statusLines)];
  const body = pick(random, random() < 0.6 ? chunkedBodies : bodies);
  for (let n = pick(random, [0, 0, 1, 2]); n > 0; n -= 1)
    lines.push(pick(random, random() < 0.5 ? soundFields : fields));
  const framing = random();
  if (isChunked.has(body) && framing < 0.85) lines.push("Transfer-Encoding: chunked");
  else if (framing < 0.9) lines.push(`Content-Length: ${body.length}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

function streamText(random: Random, isRequest: boolean): string {
  let text = "";
  for (let n = 1 + below(random, 3); n > 0; n -= 1) {
    text += random() < 0.8 ? message(random, isRequest) : pick(random, isRequest ? requestStreams : responseStreams);
  }
  for (let n = pick(random, [0, 1, 1, 1, 1, 2, 3]); n > 0; n -= 1) text = pick(random, mutations)(text, random);
  return text;
}

/**
 * Messages are compared without Upgrade, for which llhttp changes its framing, and without Proxy-Connection, which it
 * takes for Connection (RFC 9112 appendix C.2.2 has it ignored).
 */
function comparable(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  if (!/upgrade:|proxy-connection:/i.test(text)) return bytes;
  return Buffer.from(
    text.replace(/\bupgrade:/gi, "upgr4de:").replace(/proxy-connection:/gi, "pr0xy-connection:"),
    "latin1",
  );
}

/** A stream of one to three requests, most with faults. */
export function requestStream(random: Random): Stream {
  const bytes = random() < 0.35 ? requestMutant(random) : Buffer.from(streamText(random, true), "latin1");
  return { bytes: comparable(bytes), maxHeadBytes: headLimit(random) };
}

/** A stream of one to three responses, most with faults. */
export function responseStream(random: Random): Stream {
  const methods = Array.from({ length: 4 }, () => (random() < 0.1 ? "HEAD" : "GET"));
  const bytes = random() < 0.35 ? responseMutant(random).bytes : Buffer.from(streamText(random, false), "latin1");
  return { bytes: comparable(bytes), methods, maxHeadBytes: headLimit(random) };
}

/** Most heads are short; a low limit makes some too large. */
function headLimit(random: Random): number | undefined {
  return random() < 0.02 ? 8 + below(random, 120) : undefined;
}

/** The stream in one to four pieces. */
export function inPieces(bytes: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: below(random, 4) }, () => below(random, bytes.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [...cuts, bytes.length].map((end, n) => bytes.subarray(n === 0 ? 0 : cuts[n - 1], end));
}
