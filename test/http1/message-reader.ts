import { METHODS } from "node:http";

import type { Fields } from "../../gateway/http1/fields.ts";
import type { WireRule } from "../../gateway/http1/rules.ts";

import { ChunkedDecoder } from "../../gateway/http1/chunked.ts";
import { chunked, isPersistent, requestFraming, responseFraming, untilClose } from "../../gateway/http1/framing.ts";
import { HeadReader } from "../../gateway/http1/head-reader.ts";
import { parseRequestHead } from "../../gateway/http1/request-head.ts";
import { parseResponseHead } from "../../gateway/http1/response-head.ts";

export interface Message {
  /** Method and target, or the status. */
  readonly start: string;
  readonly minorVersion: number;
  readonly fields: readonly string[];
  /** latin1 */
  body: string;
  isComplete: boolean;
  /** Another message may follow on the connection. */
  readonly isPersistent: boolean;
}

/**
 * `end`: the stream ended between two messages. `partial`: within one. `last`: a message was the last of its
 * connection, and what is behind it is not read. `handed_over`: what follows is another protocol (CONNECT, 101).
 * `method_unknown`: a method that node:http does not know. Else the rule that was broken.
 */
export type Ending = WireRule | "end" | "partial" | "last" | "handed_over" | "method_unknown";

export interface Reading {
  readonly messages: readonly Message[];
  readonly ending: Ending;
}

export interface StreamOptions {
  /** Of the requests to which the messages are responses; undefined where the messages are requests. */
  readonly methods?: readonly string[] | undefined;
  /** Default: 16 KiB. */
  readonly maxHeadBytes?: number | undefined;
}

const knownMethods = new Set(METHODS);

/** Reads the messages of one side of a connection with the codec, as a connection does. */
class MessageReader {
  readonly #heads: HeadReader;
  /** The methods of the requests that are answered, in their order; undefined where requests are read. */
  readonly #methods: readonly string[] | undefined;
  readonly #messages: Message[] = [];
  #answered = 0;
  #message: Message | undefined;
  #left = 0;
  #decoder: ChunkedDecoder | undefined;
  #ending: Ending | undefined;

  constructor({ methods, maxHeadBytes = 16_384 }: StreamOptions) {
    this.#heads = new HeadReader(methods === undefined ? "request" : "response", maxHeadBytes);
    this.#methods = methods;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#ending === undefined) {
      if (this.#message === undefined) at = this.#readHead(chunk, at);
      else if (this.#decoder !== undefined) at = this.#readChunks(this.#decoder, { chunk, at });
      else at = this.#readCounted(chunk, at);
    }
  }

  /** The stream ends. */
  finish(): Reading {
    if (this.#left === Infinity && this.#message !== undefined) this.#complete(this.#message);
    const isPartial = this.#message !== undefined || this.#heads.heldBytes > 0;
    return { messages: this.#messages, ending: this.#ending ?? (isPartial ? "partial" : "end") };
  }

  #readHead(chunk: Buffer, at: number): number {
    const next = this.#heads.read(chunk, at);
    if (next === -1) return chunk.length;
    const rule = next === -2 ? this.#heads.rule : this.#begin(this.#heads.text);
    if (rule === undefined) return next;
    this.#ending = rule;
    return chunk.length;
  }

  #begin(text: string): Ending | undefined {
    return this.#methods === undefined ? this.#beginRequest(text) : this.#beginResponse(text, this.#methods);
  }

  #beginRequest(text: string): Ending | undefined {
    const head = parseRequestHead(text);
    if (typeof head === "string") return head;
    const framing = requestFraming(head);
    if (typeof framing === "string") return framing;
    if (!knownMethods.has(head.method)) return "method_unknown";
    this.#open(`${head.method} ${head.target}`, head, framing);
    return head.method === "CONNECT" ? "handed_over" : this.#ending;
  }

  #beginResponse(text: string, methods: readonly string[]): Ending | undefined {
    const head = parseResponseHead(text);
    if (typeof head === "string") return head;
    const framing = responseFraming(head, methods[this.#answered] ?? "GET");
    if (typeof framing === "string") return framing;
    this.#open(String(head.status), head, framing);
    if (head.status >= 200) this.#answered += 1;
    return head.status === 101 ? "handed_over" : this.#ending;
  }

  #open(start: string, head: { minorVersion: 0 | 1; fields: Fields }, framing: number): void {
    const { minorVersion, fields } = head;
    const persists = framing !== untilClose && isPersistent(minorVersion, fields);
    const message = { start, minorVersion, fields: fields.list, body: "", isComplete: false, isPersistent: persists };
    this.#messages.push(message);
    this.#message = message;
    this.#decoder = framing === chunked ? new ChunkedDecoder() : undefined;
    this.#left = framing === untilClose ? Infinity : Math.max(framing, 0);
    if (framing === 0) this.#complete(message);
  }

  #readCounted(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    const message = this.#message as Message;
    message.body += chunk.toString("latin1", at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#complete(message);
    return end;
  }

  #readChunks(decoder: ChunkedDecoder, { chunk, at }: { chunk: Buffer; at: number }): number {
    const message = this.#message as Message;
    const next = decoder.read(chunk, at);
    if (decoder.data !== undefined) message.body += decoder.data.toString("latin1");
    if (next === -1) {
      this.#ending = decoder.rule;
      return chunk.length;
    }
    if (decoder.isEnded) this.#complete(message);
    return next;
  }

  #complete(message: Message): void {
    message.isComplete = true;
    this.#message = undefined;
    if (!message.isPersistent) this.#ending = "last";
  }
}

/** What the codec reads where the stream comes in these pieces. */
export function readAll(pieces: readonly Buffer[], options: StreamOptions): Reading {
  const reader = new MessageReader(options);
  // What is read is moved within its buffer.
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return reader.finish();
}
