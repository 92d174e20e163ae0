import type { BodySink, UpstreamAnswer } from "../exchange/exchange.ts";

/** Told of a body that has passed: its bytes, or undefined where it was too long to be copied. Not called where it broke off. */
export type Copied = (body: Buffer | undefined) => void;

/**
 * An answer that is relayed as it comes, and copied on the way: who wants the copy neither delays nor changes what the
 * client gets. Beyond `maxBytes` nothing is copied.
 */
export class CopiedAnswer implements UpstreamAnswer {
  readonly #answer: UpstreamAnswer;
  readonly #maxBytes: number;
  readonly #copied: Copied;
  readonly status: number;
  readonly headers: readonly string[];
  readonly proxyStatus: string | undefined;
  readonly receivedStatus: number;

  constructor(answer: UpstreamAnswer, maxBytes: number, copied: Copied) {
    this.#answer = answer;
    this.#maxBytes = maxBytes;
    this.#copied = copied;
    this.status = answer.status;
    this.headers = answer.headers;
    this.proxyStatus = answer.proxyStatus;
    this.receivedStatus = answer.receivedStatus ?? answer.status;
  }

  flow(sink: BodySink): void {
    this.#answer.flow(new CopyingSink(sink, this.#maxBytes, this.#copied));
  }

  resume(): void {
    this.#answer.resume();
  }
}

class CopyingSink implements BodySink {
  readonly #sink: BodySink;
  readonly #maxBytes: number;
  readonly #copied: Copied;
  #chunks: Buffer[] | undefined = [];
  #size = 0;

  constructor(sink: BodySink, maxBytes: number, copied: Copied) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#copied = copied;
  }

  write(chunk: Buffer): boolean {
    this.#copy(chunk);
    return this.#sink.write(chunk);
  }

  /** The client first. */
  end(lastChunk: Buffer | undefined): void {
    if (lastChunk !== undefined) this.#copy(lastChunk);
    this.#sink.end(lastChunk);
    this.#copied(this.#chunks === undefined ? undefined : joined(this.#chunks, this.#size));
  }

  fail(cause: unknown): void {
    this.#chunks = undefined;
    this.#sink.fail(cause);
  }

  #copy(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) this.#chunks = undefined;
    else this.#chunks?.push(chunk);
  }
}

/** In memory of its own: a chunk is a piece of a larger block, which would stay with it. */
function joined(chunks: readonly Buffer[], size: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(whole, at);
  return whole;
}
