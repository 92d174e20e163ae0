import type { Field } from "../../support/http-message.ts";

import { valueOf, valuesOf } from "../../support/http-message.ts";
import { isPattern } from "./pattern.ts";

/** A final response, when its head has come. */
export interface SeenAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly isUpstreams: boolean;
  readonly isLatePoison: boolean;
}

export interface AnswerStreamOptions {
  /** The method of the nth request, from 0. */
  readonly methodOf: (n: number) => string;
  readonly asksUpgrade: boolean;
  /** It may wait for 100 (Continue). */
  readonly expects: boolean;
  readonly seen: (answer: SeenAnswer) => void;
  /** Bytes behind a switch of protocols. */
  readonly tunnelled: (bytes: Buffer) => void;
}

const statusLine = /^HTTP\/1\.[01] ([1-5][0-9]{2}) [\t\x20-\x7e]*$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const maxInterim = 11;
const maxHeadBytes = 128 * 1024;

type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "to-the-end" | "tunnel" | "over";

/** Reads what the gateway sends on one connection, strictly: anything that is no response, or not ours, is a fault. */
export class AnswerStream {
  /** Final responses that have come whole. */
  whole = 0;
  receivedBytes = 0;
  readonly #options: AnswerStreamOptions;
  #state: State = "head";
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;
  #finals = 0;
  #interim = 0;
  #isLast = false;
  /** Whose pattern the body is; undefined where the gateway made it. */
  #owner: string | undefined;
  #bodyBytes = 0;

  constructor(options: AnswerStreamOptions) {
    this.#options = options;
  }

  /** Final responses of which the head has come. */
  get finals(): number {
    return this.#finals;
  }

  get isTunnel(): boolean {
    return this.#state === "tunnel";
  }

  /** @throws Error where the bytes are not what may come */
  take(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#step());
  }

  /** One thing read; false where more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case "head":
        return this.#rest.length > 0 && this.#readHead();
      case "length":
      case "chunk":
        return this.#readCounted();
      case "chunk-size":
        return this.#readChunkSize();
      case "chunk-end":
        return this.#readLine((line) => {
          if (line !== "") throw new Error(`a chunk is longer than its size: ${JSON.stringify(line.slice(0, 50))}`);
          this.#state = "chunk-size";
        });
      case "trailers":
        return this.#readLine((line) => {
          if (line !== "") throw new Error(`a trailer: ${line}`);
          this.#end();
        });
      case "to-the-end":
        this.#body(this.#shift(this.#rest.length));
        return false;
      case "tunnel":
        this.#options.tunnelled(this.#shift(this.#rest.length));
        return false;
      case "over":
        if (this.#rest.length > 0) throw new Error(`bytes behind the last response: ${this.#shown()}`);
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end === -1) {
      if (this.#rest.length > maxHeadBytes) throw new Error(`a head without end: ${this.#shown()}`);
      return false;
    }
    const [first = "", ...lines] = this.#shift(end + 4)
      .toString("latin1", 0, end)
      .split("\r\n");
    const status = Number(statusLine.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new Error(`no status line: ${JSON.stringify(first.slice(0, 200))}`);
    const fields = lines.map((line): Field => {
      const [, name, value] = fieldLine.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`no field line: ${JSON.stringify(line)}`);
      return [name, value];
    });
    if (status === 101) this.#switch();
    else if (status < 200) this.#readInterim(status);
    else this.#readFinal(status, fields);
    return true;
  }

  #switch(): void {
    if (!this.#options.asksUpgrade) throw new Error("a 101 that nobody asked for");
    this.#finals += 1;
    this.whole += 1;
    this.#state = "tunnel";
  }

  #readInterim(status: number): void {
    if (status === 100 && !this.#options.expects) throw new Error("a 100 that nobody waits for");
    if (++this.#interim > maxInterim) throw new Error("more than ten interim responses");
  }

  #readFinal(status: number, fields: readonly Field[]): void {
    const method = this.#options.methodOf(this.#finals);
    this.#finals += 1;
    this.#interim = 0;
    this.#isLast = valuesOf(fields, "connection").some((value) => /\bclose\b/i.test(value));
    const requestId = valueOf(fields, "x-request-id");
    const poison = valueOf(fields, "x-poison");
    const owner = valueOf(fields, "x-seen");
    if (requestId === undefined) throw new Error(`a response without X-Request-Id: ${status}`);
    if (status === 500) throw new Error("a 500");
    if (poison === "at-once") throw new Error("an answer that came as surplus behind another's");
    const isTainted = valueOf(fields, "x-tainted") !== undefined;
    if (owner !== undefined && owner !== requestId && !isTainted)
      throw new Error(`${requestId} got the answer to ${owner}`);
    this.#owner = isTainted ? undefined : owner;
    this.#bodyBytes = 0;
    this.#options.seen({ status, requestId, isUpstreams: owner !== undefined, isLatePoison: poison !== undefined });
    this.#frame(status, fields, method);
  }

  #frame(status: number, fields: readonly Field[], method: string): void {
    const coding = valueOf(fields, "transfer-encoding");
    const length = valueOf(fields, "content-length");
    if (coding !== undefined && (coding !== "chunked" || length !== undefined)) throw new Error("a doubtful framing");
    // The head of a request that was late may not have come as far as its method.
    if (method === "HEAD" && status === 408) this.#state = "to-the-end";
    else if (method === "HEAD" || status === 204 || status === 304) this.#end();
    else if (coding !== undefined) this.#state = "chunk-size";
    else if (length === undefined) this.#state = "to-the-end";
    else {
      if (!/^[0-9]{1,15}$/.test(length)) throw new Error(`no length: ${length}`);
      this.#left = Number(length);
      this.#state = "length";
    }
  }

  #readCounted(): boolean {
    const piece = this.#shift(Math.min(this.#left, this.#rest.length));
    this.#left -= piece.length;
    this.#body(piece);
    if (this.#left > 0) return false;
    if (this.#state === "length") this.#end();
    else this.#state = "chunk-end";
    return true;
  }

  #readChunkSize(): boolean {
    return this.#readLine((line) => {
      if (!/^[0-9A-Fa-f]{1,8}$/.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line.slice(0, 50))}`);
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left === 0 ? "trailers" : "chunk";
    });
  }

  #readLine(take: (line: string) => void): boolean {
    const end = this.#rest.indexOf("\r\n");
    if (end === -1) return false;
    take(this.#shift(end + 2).toString("latin1", 0, end));
    return true;
  }

  #body(piece: Buffer): void {
    if (this.#owner !== undefined && !isPattern(this.#owner, piece, this.#bodyBytes)) {
      throw new Error(`the body for ${this.#owner} came altered behind ${this.#bodyBytes} bytes`);
    }
    this.#bodyBytes += piece.length;
  }

  #end(): void {
    this.whole += 1;
    this.#state = this.#isLast ? "over" : "head";
  }

  #shift(length: number): Buffer {
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return piece;
  }

  #shown(): string {
    return JSON.stringify(this.#rest.toString("latin1", 0, 200));
  }
}
