import type { BodySink, Exchange, UpstreamAnswer } from "../exchange.ts";
import type { TimerHandle } from "../clock.ts";

/** What is read of a body that nobody will see, so that its connection can be used again. Bytes and milliseconds. */
const maxBytes = 65_536;
const maxMs = 250;

/**
 * Reads an answer's body to its end and throws it away. One that is too long or too slow is left: whoever answers the
 * client gives it up, and with it the connection. Never rejects.
 */
export async function discard(answer: UpstreamAnswer, { clock }: Exchange): Promise<void> {
  await new Promise<void>((resolve) => {
    let size = 0;
    let timer: TimerHandle | undefined;
    const stop = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer);
      resolve();
    };
    const sink: BodySink = {
      write(chunk) {
        size += chunk.length;
        if (size <= maxBytes) return true;
        stop();
        return false;
      },
      end: stop,
      fail: stop,
    };
    timer = clock.setTimeout(stop, maxMs, undefined);
    answer.flow(sink);
  });
}
