import type { BodySink, Exchange, UpstreamAnswer } from "../exchange/exchange.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";
import { heldBack } from "../failures/held-back.ts";
import { fieldOf } from "./answer-fields.ts";

/** An answer whose body is in memory, and which may say something else than it said. */
export class HeldAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly proxyStatus: string | undefined;
  readonly receivedStatus: number;
  readonly body: Buffer;

  constructor(answer: UpstreamAnswer, body: Buffer) {
    this.status = answer.status;
    this.headers = answer.headers;
    this.proxyStatus = answer.proxyStatus;
    this.receivedStatus = answer.receivedStatus ?? answer.status;
    this.body = body;
  }

  flow(sink: BodySink): void {
    sink.end(this.body.length === 0 ? undefined : this.body);
  }

  resume(): void {}
}

/**
 * Reads an answer's body whole, before a byte of the answer is out; the upstream's idle timer goes on. Rejects with
 * upstream_body_too_large, or with what broke the body off and the status that this has while nothing is out.
 */
export async function hold(answer: UpstreamAnswer, exchange: Exchange, maxBytes: number): Promise<HeldAnswer> {
  if (answer instanceof HeldAnswer) return answer;
  exchange.phase = "relay";
  const hasBody = exchange.inbound.method !== "HEAD";
  if (hasBody && Number(fieldOf(answer.headers, "content-length") ?? 0) > maxBytes) throw tooLarge(answer.status);
  return new HeldAnswer(answer, await new Holder(answer, exchange, maxBytes).body());
}

class Holder implements BodySink {
  readonly #answer: UpstreamAnswer;
  readonly #exchange: Exchange;
  readonly #maxBytes: number;
  readonly #settled = Promise.withResolvers<Buffer>();
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(answer: UpstreamAnswer, exchange: Exchange, maxBytes: number) {
    this.#answer = answer;
    this.#exchange = exchange;
    this.#maxBytes = maxBytes;
  }

  body(): Promise<Buffer> {
    this.#answer.flow(this);
    return this.#settled.promise;
  }

  write(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size <= this.#maxBytes) {
      this.#chunks.push(chunk);
      return true;
    }
    this.#chunks = [];
    this.#settled.reject(tooLarge(this.#answer.status));
    return false;
  }

  end(lastChunk: Buffer | undefined): void {
    if (lastChunk !== undefined && !this.write(lastChunk)) return;
    const [first] = this.#chunks;
    this.#settled.resolve(this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks));
  }

  fail(cause: unknown): void {
    this.#chunks = [];
    this.#settled.reject(heldBack(classify(cause, this.#exchange), this.#answer.status));
  }
}

function tooLarge(receivedStatus: number): Failure {
  return new Failure("upstream_body_too_large", { receivedStatus });
}
