import * as fc from "fast-check";

/** A message that a client may send, and what a gateway must make of it. */
export interface Message {
  readonly bytes: (n: number) => string;
  /** Of the body, once it is decoded. */
  readonly body: string;
  /** It is refused, and nothing behind it is a request. */
  readonly isBroken?: boolean;
  /** Its head is sound, its body is not. */
  readonly hasBrokenBody?: boolean;
  /** It asks for a connection that ends. */
  readonly asksToClose?: boolean;
}

const head = (n: number, method: string, fields: string): string =>
  `${method} /${n} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

const messages = {
  get: { bytes: (n) => head(n, "GET", ""), body: "" },
  old: { bytes: (n) => `GET /${n} HTTP/1.0\r\n\r\n`, body: "", asksToClose: true },
  last: { bytes: (n) => head(n, "GET", "Connection: close\r\n"), body: "", asksToClose: true },
  upgrade: { bytes: (n) => head(n, "GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), body: "" },
  post: { bytes: (n) => `${head(n, "POST", "Content-Length: 10\r\n")}0123456789`, body: "0123456789" },
  large: { bytes: (n) => `${head(n, "POST", "Content-Length: 3000\r\n")}${"x".repeat(3000)}`, body: "x".repeat(3000) },
  expecting: { bytes: (n) => `${head(n, "POST", "Content-Length: 4\r\nExpect: 100-continue\r\n")}body`, body: "body" },
  chunked: {
    bytes: (n) => `${head(n, "POST", "Transfer-Encoding: chunked\r\n")}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: t\r\n\r\n`,
    body: "abcde",
  },
  brokenChunks: {
    bytes: (n) => `${head(n, "POST", "Transfer-Encoding: chunked\r\n")}3\r\nabc\r\nzz\r\n`,
    body: "abc",
    hasBrokenBody: true,
  },
  connect: { bytes: () => "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", body: "", isBroken: true },
  garbage: { bytes: () => "\x16\x03\x01 what\r\n\r\n", body: "", isBroken: true },
} as const satisfies Readonly<Record<string, Message>>;

type Name = keyof typeof messages;

/** What happens next: the client acts, time passes, or the gateway does something with the request that it serves. */
const deeds = [
  ...(["send", "send", "send", "send", "send", "fin", "reset", "block", "unblock", "takeOne", "pass"] as const),
  ...(["read", "read", "pause", "resume", "stop", "takeWhole", "takeWhole", "continue", "interim"] as const),
  ...(["begin", "beginChunked", "flush", "write", "write", "end", "answer", "answer", "answer", "answer"] as const),
  ...(["answerLast", "drain", "abort", "leave", "takeOver", "closeIdle"] as const),
];

export type Deed = (typeof deeds)[number];

export interface Step {
  readonly does: Deed;
  readonly size: number;
}

export interface Play {
  /** What the client sends. */
  readonly sends: readonly Name[];
  /** How that is cut. */
  readonly cuts: readonly number[];
  readonly steps: readonly Step[];
  readonly halfClose: "serve" | "cancel";
  readonly maxRequestsPerSocket: number;
}

const names = fc.constantFrom(...(Object.keys(messages) as Name[]));
/** Of most plays the messages let the connection go on. */
const lasting = fc.constantFrom<Name>("get", "get", "post", "large", "chunked", "upgrade");
const does = fc.constantFrom(...deeds);
/** And of most nothing ends it from outside. */
const calm = fc.constantFrom(
  ...deeds.filter((one) => !/fin|reset|abort|leave|Last|drain|closeIdle|takeOver/.test(one)),
);

function stepsOf(which: fc.Arbitrary<Deed>): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ does: which, size: fc.oneof(fc.nat(3), fc.nat(1500)) }), { maxLength: 60, size: "max" });
}

export const play: fc.Arbitrary<Play> = fc.record({
  sends: fc.oneof(
    fc.array(lasting, { minLength: 1, maxLength: 8 }),
    fc.array(names, { minLength: 1, maxLength: 8, size: "max" }),
  ),
  cuts: fc.array(fc.oneof(fc.nat(10), fc.nat(120), fc.constant(4000)), { minLength: 1, maxLength: 30, size: "max" }),
  steps: fc.oneof(stepsOf(calm), stepsOf(does)),
  halfClose: fc.constantFrom("serve" as const, "cancel" as const),
  maxRequestsPerSocket: fc.constantFrom(2, 1000, 1000),
});

/** All that the client sends: as messages, and cut into pieces. */
export function scriptOf({ sends, cuts }: Play): { readonly messages: readonly Message[]; readonly pieces: string[] } {
  const all: Message[] = sends.map((name) => messages[name]);
  return { messages: all, pieces: cutUp(all.map(({ bytes }, n) => bytes(n)).join(""), cuts) };
}

function cutUp(text: string, cuts: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, n = 0; at < text.length; n++) {
    const size = 1 + (cuts[n % cuts.length] as number);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}
