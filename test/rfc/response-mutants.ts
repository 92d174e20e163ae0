import { responseBytes } from "../support/upstream-scripts.ts";

/** 0 ≤ x < 1. */
export type Random = () => number;

/** What an upstream says to one request, and how. */
export interface Mutant {
  readonly bytes: Buffer;
  readonly method: "GET" | "HEAD";
  /** What the upstream does when all is said. */
  readonly ending: "keep" | "fin" | "reset";
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function word(random: Random, length: number): string {
  let out = "";
  for (let n = 0; n < length; n += 1) out += letters[Math.floor(random() * letters.length)];
  return out;
}

function chunked(random: Random, body: string): string {
  let out = "";
  for (let at = 0; at < body.length;) {
    const size = 1 + Math.floor(random() * body.length);
    const chunk = body.slice(at, at + size);
    out += `${pick(random, ["", "0", "000"])}${chunk.length.toString(16)}${pick(random, ["", "", ";a", ";a=b", ';a="b c"'])}\r\n`;
    out += `${chunk}\r\n`;
    at += size;
  }
  return `${out}0\r\n${pick(random, ["", "", "X-Sum: 1\r\n"])}\r\n`;
}

/** A response without fault; its body is like no other's. */
function sound(random: Random): string {
  const body = word(random, 4 + Math.floor(random() * 60));
  const status = pick(random, ["200 OK", "201 Created", "404 Not Found", "503 Busy", "299 Odd", "500 "]);
  switch (Math.floor(random() * 7)) {
    case 0:
    case 1:
      return responseBytes(status, body, [["X-Word", word(random, 5)]]);
    case 2:
    case 3:
      return `HTTP/1.1 ${status}\r\nX-Word: ${word(random, 5)}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(random, body)}`;
    case 4:
      return `HTTP/1.${pick(random, ["0", "1"])} ${status}\r\nContent-Type: text/plain\r\n\r\n${body}`;
    case 5:
      return `HTTP/1.1 ${pick(random, ["204 No Content", "304 Not Modified"])}\r\nETag: "${body}"\r\n\r\n`;
    default:
      return `HTTP/1.1 103 Early Hints\r\nLink: </${body}>\r\n\r\n${responseBytes(status, body)}`;
  }
}

// oxfmt-ignore
const lines = [
  "Content-Length: 3", "Content-Length: 0", "Content-Length: -1", "Content-Length: 1e1", "Content-Length:", "Content-Length : 4",
  "Content-Length: 5, 5", "Content-Length: 99999999999999999999", "content-length: 7 ", "Content-Length: 0x10", "Content-Length: 12\x00",
  "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: \x0bchunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:",
  "Transfer-Encoding: xchunked", "Transfer_Encoding: chunked", "TE: trailers", "Connection: close", "Connection: keep-alive", "Connection: Content-Length",
  "Connection: upgrade\r\nUpgrade: websocket", "Trailer: Content-Length", "Set-Cookie: a=b", "X: a\r\n b", "X: a\rY: b", "X: a\nY: b", " X: y", "X", ": y",
  "X: \x7f", "X: caf\xe9", "__proto__: x", "Keep-Alive: timeout=1", "Keep-Alive: timeout=0", "Proxy-Status: gateway.test; error=internal", "HTTP/1.1 200 OK",
  "Proxy-Connection: close", "Content-Length: 4\r\nContent-Length: 4", "",
];
// oxfmt-ignore
const statusLines = [
  "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/1.2 200 OK", "HTTP/1.10 200 OK", "RTSP/1.0 200 OK", "ICE/1.0 200 OK", "ICY 200 OK", "HTTP/1.1 99 X",
  "HTTP/1.1 099 X", "HTTP/1.1 600 X", "HTTP/1.1 999 X", "HTTP/1.1 1000 X", "HTTP/1.1 000 X", "HTTP/1.1 101 Switching", "HTTP/1.1 100 Continue",
  "HTTP/1.1 102 P", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200OK", "HTTP/1.1 2OO OK", "http/1.1 200 OK",
  "HTTP/1.1 204 No", "HTTP/1.1 304 Not", "HTTP/1.1 205 Reset", "HTTP/1.0 200 OK", "HTTP/1.1 -200 OK", "HTTP/1.1 200 \x00\x1b", " HTTP/1.1 200 OK", "\r\nHTTP/1.1 200 OK",
  "HTTP /1.1 200 OK", "HTTP/11 200 OK", "SSH-2.0-OpenSSH", "GET / HTTP/1.1",
];
const sizes = [
  "",
  "-1",
  "0x4",
  "g",
  "4 ",
  " 4",
  "ffffffffffffffff",
  "10000000000000000",
  "4;",
  "4;\x00",
  "4\n",
  "0",
  "00000000000000000004",
  "1",
  "fff",
  "4;a\nb",
];
const endings = ["\n", "\r", "\r\r\n", "\n\r", "", "\r\n\r\n", "\r\n ", " \r\n"];

type Mutation = (text: string, random: Random) => string;

/** Puts `by` in place of what lies from `range[0]` to before `range[1]`. */
function splice(text: string, range: readonly [number, number], by: string): string {
  return text.slice(0, range[0]) + by + text.slice(range[1]);
}

function headEnd(text: string): number {
  const end = text.indexOf("\r\n\r\n");
  return end === -1 ? text.length : end;
}

const mutations: readonly Mutation[] = [
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return splice(text, [at, at + 1], String.fromCharCode(Math.floor(random() * 256)));
  },
  (text, random) => {
    const at = Math.floor(random() * (text.length + 1));
    return splice(
      text,
      [at, at],
      pick(random, ["\x00", "\r", "\n", "\r\n", " ", "\t", ":", ";", "0", "\x80", "\xff", ","]),
    );
  },
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return splice(text, [at, at + 1 + Math.floor(random() * 3)], "");
  },
  (text, random) => splice(text, [0, Math.max(0, text.indexOf("\r\n"))], pick(random, statusLines)),
  (text, random) => splice(text, [headEnd(text), headEnd(text)], `\r\n${pick(random, lines)}`),
  (text, random) => {
    const at = text.indexOf("\r\n");
    return at === -1 ? text : splice(text, [at, at], `\r\n${pick(random, lines)}`);
  },
  (text, random) => {
    const breaks = [...text.matchAll(/\r\n/g)];
    const at = breaks.length === 0 ? 0 : pick(random, breaks).index;
    return splice(text, [at, at + 2], pick(random, endings));
  },
  (text, random) => text.replace(/Content-Length: [0-9]+/, () => `Content-Length: ${Math.floor(random() * 80)}`),
  (text, random) => {
    const found = [...text.slice(headEnd(text)).matchAll(/\r\n[0-9a-f]+(?=[;\r])/g)];
    if (found.length === 0) return text;
    const { index, 0: size } = pick(random, found);
    const at = headEnd(text) + index + 2;
    return splice(text, [at, at + size.length - 2], pick(random, sizes));
  },
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
  (text, random) =>
    text +
    pick(random, [
      "x",
      "\r\n",
      "H",
      "\x00",
      responseBytes("200 STOLEN", "stolen"),
      "HTTP/1.1 103 E\r\n\r\n",
      "0\r\n\r\n",
    ]),
  (text, random) =>
    `HTTP/1.1 ${pick(random, ["100", "102", "103", "199", "101"])} I\r\n${pick(random, ["", `${pick(random, lines)}\r\n`])}\r\n${text}`,
  (text) => text.replace(/Content-Length: [0-9]+\r\n/, ""),
  (text) => text.replace("Transfer-Encoding: chunked\r\n", ""),
];

/** The next mutant: a sound response with up to three faults, or none in one of ten. */
export function mutate(random: Random): Mutant {
  let text = sound(random);
  const faults = random() < 0.1 ? 0 : 1 + Math.floor(random() * random() * 3);
  for (let n = 0; n < faults; n += 1) text = pick(random, mutations)(text, random);
  return {
    bytes: Buffer.from(text, "latin1"),
    method: random() < 0.1 ? "HEAD" : "GET",
    ending: pick(random, ["keep", "keep", "keep", "fin", "fin", "reset"] as const),
  };
}
