import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { BodySink, UpstreamAnswer } from "../exchange/exchange.ts";

/** Most bytes of an answer's body that are kept. */
const maxKeptBytes = 65_536;

/**
 * An answer whose body is in memory, so that its connection is free while another attempt is made, and it can still be
 * relayed if that is refused. A body that is too long or too slow for this is not lost: what came of it goes first, and
 * the rest behind it.
 */
export class KeptAnswer implements UpstreamAnswer, BodySink {
  readonly #answer: UpstreamAnswer;
  readonly #clock: Clock;
  readonly #settled = Promise.withResolvers<boolean>();
  readonly #chunks: Buffer[] = [];
  #timer: TimerHandle | undefined;
  #bytes = 0;
  #isPaused = false;
  #end: { readonly brokenBy: unknown } | "whole" | undefined;
  #sink: BodySink | undefined;

  constructor(answer: UpstreamAnswer, clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
  }

  get status(): number {
    return this.#answer.status;
  }

  get headers(): readonly string[] {
    return this.#answer.headers;
  }

  get proxyStatus(): string | undefined {
    return this.#answer.proxyStatus;
  }

  /** Takes the body; whether its end came within bounds, good or bad. */
  keep(withinMs: number): Promise<boolean> {
    this.#answer.flow(this);
    if (this.#end === undefined && !this.#isPaused) {
      this.#timer = this.#clock.setTimeout(giveUp, withinMs, this);
    }
    return this.#settled.promise;
  }

  write(chunk: Buffer): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= maxKeptBytes) return true;
    this.#isPaused = true;
    this.settle(false);
    return false;
  }

  end(lastChunk: Buffer | undefined): void {
    if (this.#sink !== undefined) return this.#sink.end(lastChunk);
    if (lastChunk !== undefined) this.#chunks.push(lastChunk);
    this.#end = "whole";
    this.settle(true);
  }

  fail(brokenBy: unknown): void {
    if (this.#sink !== undefined) return this.#sink.fail(brokenBy);
    this.#end = { brokenBy };
    this.settle(true);
  }

  flow(sink: BodySink): void {
    const chunks = this.#chunks.splice(0);
    const last = this.#end === "whole" ? chunks.pop() : undefined;
    let wantsMore = true;
    for (const chunk of chunks) wantsMore = sink.write(chunk);
    this.#sink = sink;
    if (this.#end === "whole") sink.end(last);
    else if (this.#end !== undefined) sink.fail(this.#end.brokenBy);
    else if (wantsMore && this.#isPaused) this.#answer.resume();
  }

  resume(): void {
    this.#answer.resume();
  }

  settle(isKept: boolean): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#settled.resolve(isKept);
  }
}

function giveUp(answer: KeptAnswer): void {
  answer.settle(false);
}
