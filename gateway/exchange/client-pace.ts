import type { Clock } from "./clock.ts";

/** Over this long a client's pace is judged, and no earlier. Milliseconds. */
const windowMs = 500;

/** Tells how many bytes of its connection the client has taken so far. */
interface TakenBytes {
  readonly takenBytes: number;
}

/**
 * How fast a client gives or takes the bytes that it is awaited for. Only the time counts in which bytes were wanted of
 * it, or waited for it: what an upstream lets pass is not the client's. A window of half a second that moves: the one
 * under way, and the share of the one before that it still covers.
 */
export class ClientPace {
  readonly #clock: Clock;
  /** Bytes a second below which a client is too slow for an upstream that others queue for; 0 for none. */
  readonly #minRate: number;
  readonly #connection: TakenBytes;
  /** Of the connection, when it was looked at last. */
  #takenBytes = 0;
  #lookedAt = 0;
  #wantedSince = Infinity;
  /** Since it was first awaited. */
  #beganAt = 0;
  #allBytes = 0;
  #windowStart = 0;
  #bytes = 0;
  #lastBytes = 0;

  constructor(clock: Clock, minRate: number, connection: TakenBytes) {
    this.#clock = clock;
    this.#minRate = minRate;
    this.#connection = connection;
  }

  /** The client is awaited from now on, unless it was already. */
  begin(): void {
    if (this.#wantedSince !== Infinity) return this.#noteTaken();
    this.#takenBytes = this.#connection.takenBytes;
    this.#wantedSince = this.#windowStart = this.#lookedAt = this.#clock.now();
    if (this.#beganAt === 0) this.#beganAt = this.#wantedSince;
    this.#bytes = this.#lastBytes = 0;
  }

  /** It gave bytes. Those that it takes are seen here. */
  progress(bytes: number): void {
    this.#roll(this.#clock.now());
    this.#bytes += bytes;
    this.#allBytes += bytes;
  }

  /** Somebody else is awaited. */
  rest(): void {
    if (this.#wantedSince === Infinity) return;
    this.#noteTaken();
    this.#wantedSince = Infinity;
  }

  /** Bytes a second of late; Infinity where the client has not been awaited for long enough. */
  rate(now: number): number {
    if (now - this.#wantedSince < windowMs) return Infinity;
    this.#noteTaken();
    this.#roll(now);
    const share = 1 - Math.min(1, (now - this.#windowStart) / windowMs);
    return ((this.#bytes + share * this.#lastBytes) * 1000) / windowMs;
  }

  /** Bytes a second since it was first awaited: of two that give nothing of late, the one that gave more is the faster. */
  average(now: number): number {
    return (this.#allBytes * 1000) / Math.max(1, now - this.#beganAt);
  }

  isTooSlow(now: number): boolean {
    return this.rate(now) < this.#minRate;
  }

  /**
   * Also of a write that it has taken in part: one large piece may take a slow client seconds. What it took since a look
   * longer ago than the window counts by the share of the window.
   */
  #noteTaken(): void {
    const now = this.#clock.now();
    const { takenBytes } = this.#connection;
    const bytes = takenBytes - this.#takenBytes;
    const share = Math.min(1, windowMs / (now - this.#lookedAt));
    this.#lookedAt = now;
    if (bytes === 0) return;
    this.#takenBytes = takenBytes;
    this.#roll(now);
    this.#bytes += bytes * share;
    this.#allBytes += bytes;
  }

  #roll(now: number): void {
    const passed = now - this.#windowStart;
    if (passed < windowMs) return;
    this.#lastBytes = passed < 2 * windowMs ? this.#bytes : 0;
    this.#bytes = 0;
    this.#windowStart = passed < 2 * windowMs ? this.#windowStart + windowMs : now;
  }
}
