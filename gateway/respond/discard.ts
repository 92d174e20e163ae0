import type { BodySink, Exchange, UpstreamAnswer } from "../exchange/exchange.ts";

/** What is read of a body that nobody will see, so that its connection can be used again. Bytes and milliseconds. */
const maxBytes = 65_536;
const maxMs = 250;

/**
 * Reads an answer's body to its end and throws it away. One that is too long or too slow is left: whoever answers the
 * client gives it up, and with it the connection. Never rejects.
 */
export async function discard(answer: UpstreamAnswer, { clock }: Exchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimeout(resolve, maxMs, undefined);
  answer.flow(new Discarding(resolve));
  await promise;
  clock.clearTimeout(timer);
}

class Discarding implements BodySink {
  readonly #stop: () => void;
  #size = 0;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  write(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size <= maxBytes) return true;
    this.#stop();
    return false;
  }

  end(): void {
    this.#stop();
  }

  fail(): void {
    this.#stop();
  }
}
