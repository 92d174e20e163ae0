import { createRequire } from "node:module";

import type { Message } from "./message-reader.ts";

/** What Node's binding of llhttp is, as far as it is used here; Node has no types for it. */
interface NodeParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(chunk: Buffer): number | ParserError;
  finish(): undefined | ParserError;
}

interface ParserError extends Error {
  readonly code: string;
  readonly reason: string;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

interface NodeHttpCommon {
  readonly HTTPParser: NodeParserClass;
  readonly methods: readonly string[];
}

const { HTTPParser, methods: methodNames } = createRequire(import.meta.url)("node:_http_common") as NodeHttpCommon;
/** llhttp numbers it behind the methods of RTSP, which Node's list leaves out. */
const queryNumber = 46;
const maxHeaderSize = 1 << 20;

export interface OracleReading {
  readonly messages: readonly Message[];
  /** Why llhttp refused the stream; empty where it did not. */
  readonly refusal: string;
  /** Why llhttp refused that the stream ends here; empty where it did not. */
  readonly endRefusal: string;
}

type HeadArguments = [
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number | undefined,
  url: string | undefined,
  status: number | undefined,
  reason: string | undefined,
  isUpgrade: boolean,
  isPersistent: boolean,
];

/** What the callback of a head tells llhttp. */
const goOn = 0;
const skipBody = 1;
const stopParsing = 2;

/** node:http's parser, strict as a server and a client of Node's have it by default, without a socket. */
export class Oracle {
  readonly #parser = new HTTPParser();
  #messages: Message[] = [];
  #early: string[] = [];
  #earlyUrl = "";
  #methods: readonly string[] | undefined;
  #answered = 0;
  #isStopped = false;
  /** llhttp refused the stream that was read last. */
  hasRefused = false;

  constructor() {
    const parser = this.#parser;
    parser[HTTPParser.kOnHeaders] = (fields: string[], url: string) => this.#takeEarly(fields, url);
    parser[HTTPParser.kOnHeadersComplete] = (...head: HeadArguments) => this.#takeHead(head);
    parser[HTTPParser.kOnBody] = (data: Buffer) => {
      const message = this.#messages.at(-1);
      if (message !== undefined) message.body += data.toString("latin1");
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      const message = this.#messages.at(-1);
      if (message !== undefined) message.isComplete = true;
      this.#early = [];
    };
  }

  /** @param methods of the requests to which the messages are responses; undefined where requests are read */
  read(stream: Buffer, methods?: readonly string[]): OracleReading {
    const type = methods === undefined ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    this.#messages = [];
    this.#early = [];
    this.#earlyUrl = "";
    this.#methods = methods;
    this.#answered = 0;
    this.#isStopped = false;
    this.#parser.initialize(type, {}, maxHeaderSize, HTTPParser.kLenientNone);
    const refusal = reasonOf(this.#parser.execute(stream));
    this.hasRefused = refusal !== "";
    const endRefusal = refusal === "" && !this.#isStopped ? reasonOf(this.#parser.finish()) : "";
    return { messages: this.#messages, refusal, endRefusal };
  }

  /** The fields of a head with more than 32, and trailers. */
  #takeEarly(fields: readonly string[], url: string): void {
    this.#early.push(...fields);
    this.#earlyUrl = url;
  }

  #takeHead([, minor, headers, method, url, status, , , isPersistent]: HeadArguments): number {
    const fields = headers ?? this.#early;
    this.#early = [];
    const isRequest = this.#methods === undefined;
    const name = method === queryNumber ? "QUERY" : methodNames[method ?? 0];
    this.#messages.push({
      start: isRequest ? `${name} ${url ?? this.#earlyUrl}` : String(status),
      minorVersion: minor,
      fields: fields.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text)),
      body: "",
      isComplete: false,
      isPersistent,
    });
    const next = isRequest ? (name === "CONNECT" ? stopParsing : goOn) : this.#afterResponseHead(status ?? 0);
    this.#isStopped = next === stopParsing;
    return next;
  }

  /** As `parserOnIncomingClient` of Node's `_http_client.js`. */
  #afterResponseHead(status: number): number {
    if (status === 101) return stopParsing;
    if (status < 200) return skipBody;
    const method = this.#methods?.[this.#answered];
    this.#answered += 1;
    return method === "HEAD" ? skipBody : goOn;
  }
}

function reasonOf(outcome: number | undefined | ParserError): string {
  return outcome instanceof Error ? `${outcome.code}: ${outcome.reason}` : "";
}
