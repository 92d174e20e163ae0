import type { BodyConsumer, RequestStream } from "../../gateway/exchange/downstream.ts";

export interface FakeRequestParts {
  /** Content-Length; null for a chunked body; 0, the default, for none. */
  readonly length?: number | null;
  readonly owesContinue?: boolean;
}

/** A request body that arrives when the test says so. What nobody wants is held, as a connection holds it. */
export class FakeRequest implements RequestStream {
  readonly length: number | null;
  owesContinue: boolean;
  isComplete: boolean;
  /** How often 100 (Continue) was sent. */
  continues = 0;
  isPaused = false;
  #consumer: BodyConsumer | undefined;
  #held: Buffer = Buffer.alloc(0);
  #left: number;
  #hasEnded = false;
  #hasBegun = false;

  constructor({ length = 0, owesContinue = false }: FakeRequestParts = {}) {
    this.length = length;
    this.owesContinue = owesContinue;
    this.#left = length ?? Infinity;
    this.isComplete = length === 0;
  }

  /** Somebody reads, paused or not. */
  get isRead(): boolean {
    return this.#consumer !== undefined;
  }

  /** Bytes that have arrived and that nobody has taken. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Bytes arrive. */
  arrive(bytes: Buffer | string): this {
    this.#held = Buffer.concat([this.#held, typeof bytes === "string" ? Buffer.from(bytes) : bytes]);
    this.#flow();
    return this;
  }

  /** The last chunk of a chunked body arrives. */
  arriveEnd(): this {
    this.#hasEnded = true;
    this.#flow();
    return this;
  }

  sendContinue(): void {
    if (this.owesContinue) this.continues++;
    this.owesContinue = false;
  }

  takeWhole(): Buffer | undefined {
    const { length } = this;
    if (this.isComplete || this.#hasBegun || length === null || this.#held.length < length) return undefined;
    const whole = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.#left = 0;
    this.isComplete = true;
    return whole;
  }

  read(consumer: BodyConsumer): void {
    this.#consumer = consumer;
    this.isPaused = false;
    this.#flow();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#flow();
  }

  stop(): void {
    this.#consumer = undefined;
  }

  #flow(): void {
    if (this.#consumer === undefined || this.isPaused || this.isComplete) return;
    const chunk = this.#held.subarray(0, Math.min(this.#left, this.#held.length));
    this.#held = this.#held.subarray(chunk.length);
    this.#left -= chunk.length;
    this.isComplete = this.#left === 0;
    if (chunk.length > 0) {
      this.#hasBegun = true;
      this.#consumer.data(chunk);
    }
    if (this.#hasEnded && this.#held.length === 0) this.isComplete = true;
    if (this.isComplete) this.#end();
  }

  #end(): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.end();
  }
}
