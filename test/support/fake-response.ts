import type { ResponseWriter, WriteObserver } from "../../gateway/exchange/downstream.ts";

/** A response that records what is written to it. Its client takes every byte at once, until it is `slow`. */
export class FakeResponse implements ResponseWriter {
  status = 0;
  fields: readonly string[] = [];
  /** The connection was to end after it. */
  isLast = false;
  isFlushed = false;
  isEnded = false;
  isAborted = false;
  isGone = false;
  isBegun = false;
  /** The client takes nothing by itself. */
  isSlow = false;
  /** Bytes that may wait for a slow client before `write` says no more. */
  room = 0;
  pendingBytes = 0;
  takenBytes = 0;
  readonly interims: { readonly status: number; readonly fields: readonly string[] }[] = [];
  readonly #pieces: Buffer[] = [];
  #observer: WriteObserver | undefined;

  get isFinished(): boolean {
    return this.isEnded && this.pendingBytes === 0;
  }

  /** The body as written, without framing. */
  get body(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** The value of a field, which stands as name, value, name, value … */
  field(name: string): string | undefined {
    const at = this.fields.findIndex((text, index) => index % 2 === 0 && text === name);
    return at === -1 ? undefined : this.fields[at + 1];
  }

  begin(status: number, fields: readonly string[], isLast: boolean): void {
    this.isBegun = true;
    this.status = status;
    this.fields = fields;
    this.isLast = isLast;
  }

  flush(): void {
    this.isFlushed = true;
  }

  write(chunk: Buffer): boolean {
    this.#push(chunk);
    return this.pendingBytes <= this.room;
  }

  end(lastChunk?: Buffer | string): boolean {
    if (lastChunk !== undefined) this.#push(Buffer.from(lastChunk as string, "latin1"));
    this.isEnded = true;
    return true;
  }

  onceFlushed(observer: WriteObserver): void {
    this.#observer = observer;
    if (this.isGone) this.leave();
    else this.#tell();
  }

  interim(status: number, fields: readonly string[]): void {
    this.interims.push({ status, fields });
  }

  abort(): void {
    this.isAborted = true;
    this.leave();
  }

  /** The client takes some of what waits for it; without a number, all. */
  take(bytes = this.pendingBytes): void {
    this.pendingBytes -= bytes;
    this.takenBytes += bytes;
    this.#tell();
  }

  /** The connection ends. */
  leave(): void {
    this.isGone = true;
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.gone();
  }

  #push(chunk: Buffer): void {
    if (this.isGone) return;
    this.#pieces.push(chunk);
    if (this.isSlow) this.pendingBytes += chunk.length;
    else this.takenBytes += chunk.length;
  }

  #tell(): void {
    if (this.pendingBytes > 0) return;
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.flushed();
  }
}
