import assert from "node:assert/strict";

import type { BodyConsumer, ResponseWriter } from "../../gateway/exchange/downstream.ts";
import type { ClientRequest } from "../../gateway/client/request.ts";
import type { Deed, Message } from "./connection-script.ts";

/** One exchange as a page would lead it: what was read and written, and what must hold of it. */
export class ModelExchange implements BodyConsumer {
  readonly request: ClientRequest;
  readonly message: Message;
  readonly n: number;
  /** The body of the response as far as it is written; undefined before it has begun. */
  written: string | undefined;
  isOver = false;
  isTakenOver = false;
  isLast: boolean;
  #read = "";
  #isRead = false;
  #isPaused = false;
  #pausesAtData = false;
  #hasEnded = false;
  #length: number | null = null;
  #wasWholeAtBegin = false;
  #wasLastAtBegin = false;

  constructor(request: ClientRequest, message: Message, n: number) {
    this.request = request;
    this.message = message;
    this.n = n;
    this.isLast = request.isLast;
    if (request.failure !== undefined) return;
    const isChunked = request.head.fields.get("transfer-encoding") !== undefined;
    assert.equal(request.length, isChunked ? null : message.body.length);
  }

  get response(): ResponseWriter & { readonly isEnded: boolean; readonly closes: boolean } {
    return this.request.response;
  }

  /** No request may follow on its connection. */
  get endsConnection(): boolean {
    return this.isLast || this.response.closes || this.isTakenOver;
  }

  check(): void {
    const { response, message, request } = this;
    if (!response.isBegun) return;
    const mustClose = this.#wasLastAtBegin || message.asksToClose === true || request.failure !== undefined;
    const mayClose = mustClose || !this.#wasWholeAtBegin;
    assert.ok(response.closes ? mayClose : !mustClose, "it says wrongly whether the connection goes on");
  }

  data(chunk: Buffer): void {
    assert.ok(this.#isRead && !this.isOver && !this.#isPaused, "nobody reads");
    assert.ok(chunk.length > 0);
    this.#read += chunk.toString("latin1");
    assert.ok(this.message.body.startsWith(this.#read), "the body is its own");
    if (!this.#pausesAtData) return;
    this.#isPaused = true;
    this.request.pause();
  }

  end(): void {
    assert.equal(this.#hasEnded, false, "a body ends once");
    this.#hasEnded = true;
    assert.equal(this.#read, this.message.body);
    assert.equal(this.message.hasBrokenBody, undefined);
  }

  act(does: Deed, size: number): void {
    const { request, response } = this;
    switch (does) {
      case "continue":
        return request.sendContinue();
      case "interim":
        return response.interim(103, ["link", "</a>"]);
      case "begin":
        return this.#begin(size, false);
      case "beginChunked":
        return this.#begin(null, false);
      case "answer":
      case "answerLast":
        return this.answer(does === "answerLast");
      case "drain":
        this.isLast = true;
        return;
      case "leave":
        return response.isBegun ? undefined : this.#end();
      case "abort":
        return this.abort();
      case "flush":
      case "write":
      case "end":
        return response.isBegun ? this.#goOn(does, size) : undefined;
      default:
        return this.#readOn(does, size);
    }
  }

  /** Writes what the response still lacks, and ends the exchange once that is out. */
  answer(isLast: boolean): void {
    const { response } = this;
    this.#begin(4, isLast);
    this.#write(this.#length === null ? 4 : Infinity);
    response.end();
    const end = (): void => this.#end();
    response.onceFlushed({ flushed: end, gone: end });
  }

  abort(): void {
    this.response.abort();
    this.#end();
  }

  takeOver(isUndisturbed: () => boolean): void {
    const { request } = this;
    if (request.head.fields.get("upgrade") === undefined || this.response.isBegun) return;
    const takeover = request.takeOver();
    if (!isUndisturbed() || takeover.socket.destroyed) return;
    takeover.complete();
    this.isTakenOver = true;
    this.#end();
  }

  #readOn(does: Deed, size: number): void {
    const { request } = this;
    if (does === "takeWhole") {
      const whole = request.takeWhole();
      if (whole === undefined) return;
      assert.equal(this.#read, "", "some of it was read");
      assert.equal(whole.toString("latin1"), this.message.body);
      this.#hasEnded = true;
    } else if (does === "read") {
      this.#isRead = true;
      this.#isPaused = false;
      this.#pausesAtData = size % 2 === 0;
      if (!this.#hasEnded && !request.isComplete) request.read(this);
    } else if (does === "stop") {
      this.#isRead = false;
      request.stop();
    } else if (does === "pause") {
      this.#isPaused = true;
      request.pause();
    } else if (does === "resume") {
      this.#isPaused = false;
      request.resume();
    }
  }

  #goOn(does: "flush" | "write" | "end", size: number): void {
    if (does === "flush") this.response.flush();
    else if (does === "write") this.#write(size);
    else this.answer(false);
  }

  #begin(length: number | null, isLast: boolean): void {
    const { request, response } = this;
    if (response.isBegun) return;
    this.isLast ||= isLast;
    this.#length = length;
    this.#wasLastAtBegin = this.isLast;
    this.#wasWholeAtBegin = request.isComplete;
    this.written = "";
    const fields = length === null ? [] : ["content-length", String(length)];
    response.begin(200, ["x-target", request.head.target || "none", "date", "now", ...fields], this.isLast);
  }

  #write(size: number): void {
    const { written = "" } = this;
    const most = this.#length === null ? size : Math.min(size, this.#length - written.length);
    this.written = written + "b".repeat(most);
    this.response.write(Buffer.alloc(most, "b"));
  }

  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.request.exchangeEnded(this.isLast);
  }
}
