import type { Exchange, WriteObserver } from "../exchange/exchange.ts";

/**
 * Ends the response with `lastChunk` (a string is latin1). Resolves when the system has taken every byte of it, or the
 * client is gone; undefined where that is so at once.
 */
export function endResponse(exchange: Exchange, lastChunk?: Buffer | string): Promise<void> | undefined {
  const { response } = exchange;
  response.end(lastChunk);
  if (response.isFinished || response.isGone) return undefined;
  exchange.writeTimer.begin();
  return new Promise((resolve) => response.onceFlushed(new Ending(resolve)));
}

class Ending implements WriteObserver {
  readonly flushed: () => void;
  readonly gone: () => void;

  constructor(resolve: () => void) {
    this.flushed = this.gone = resolve;
  }
}
