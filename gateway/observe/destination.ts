import { pino } from "pino";

/** Where log lines go. `write` takes one line with its line feed and never waits. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when every line given has been written, or after five seconds of a reader that does not read. */
  close(): Promise<void>;
  /** Lines given up because the reader was too slow or gone. */
  readonly dropped: number;
}

/** Larger than a reader needs, because each write costs a thread of the pool (measured: 7 % of a request at 8 KiB). Characters. */
const batchLength = 65_536;
const flushEveryMs = 250;
const closeWithinMs = 5000;
/** Lines waiting for a slow reader; what comes on top is dropped and counted, for the log must not fill the memory. */
const maxHeldBytes = 16 * 1024 * 1024;

/**
 * An asynchronous destination on an open file descriptor, 1 for standard output. Lines gather until there are 64 KiB of them
 * or 250 ms have passed, then go out in one write: joining strings is cheaper than anything that could be done per line.
 */
export function asyncDestination(descriptor: number): LogDestination {
  return new AsyncDestination(descriptor);
}

class AsyncDestination implements LogDestination {
  readonly #stream: ReturnType<typeof pino.destination>;
  #batch = "";
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #isClosed = false;
  #isBroken = false;

  constructor(descriptor: number) {
    this.#stream = pino.destination({ dest: descriptor, sync: false, minLength: 0, maxLength: maxHeldBytes });
    this.#stream.on("drop", (batch: string) => {
      this.#dropped += countLines(batch);
    });
    // Without a listener a full disk would end the process. What could not be written is held and tried again.
    this.#stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") this.#isBroken = true;
    });
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#isClosed || this.#isBroken) {
      this.#dropped += 1;
      return;
    }
    this.#batch += line;
    if (this.#batch.length >= batchLength) this.#handOver();
    else this.#timer ??= setTimeout(this.#onTimer, flushEveryMs).unref();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#handOver();
    clearTimeout(this.#timer);
    this.#isClosed = true;
    if (this.#isBroken) return;
    await this.#end();
  }

  // A full batch leaves the timer running: under load it fires four times a second, and is not set for each batch.
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#handOver();
  };

  #handOver(): void {
    if (this.#batch === "") return;
    const batch = this.#batch;
    this.#batch = "";
    this.#stream.write(batch);
  }

  #end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Destroyed, the stream does not try once more when the process exits, which would block it for good.
    const timer = setTimeout(() => this.#stream.destroy(), closeWithinMs);
    this.#stream.once("close", resolve);
    this.#stream.once("error", () => resolve());
    this.#stream.end();
    return promise.finally(() => clearTimeout(timer));
  }
}

function countLines(batch: string): number {
  let lines = 0;
  for (let at = batch.indexOf("\n"); at !== -1; at = batch.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
