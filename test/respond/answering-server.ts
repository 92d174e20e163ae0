import type { ClientRequest } from "../../gateway/client/request.ts";
import type { Clock } from "../../gateway/exchange/clock.ts";
import type { Exchange } from "../../gateway/exchange/exchange.ts";

import { systemClock } from "../../gateway/exchange/clock.ts";
import { ClientStand } from "../support/client-stand.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

export type Answer = (exchange: Exchange) => Promise<void> | undefined;

/** A client side whose every request is answered by the stage under test. */
export class AnsweringServer extends ClientStand {
  readonly #answer: Answer;
  readonly #clock: Clock;
  /** How each answer ended: undefined, or what it rejected with. */
  readonly ends: Promise<unknown>[] = [];

  constructor(answer: Answer, clock: Clock) {
    super({}, clock);
    this.#answer = answer;
    this.#clock = clock;
    this.onRequest = (request) => void this.ends.push(this.#serve(request));
  }

  async #serve(request: ClientRequest): Promise<unknown> {
    const { head, response } = request;
    const { method, target, minorVersion } = head;
    const inbound = { method, target, minorVersion };
    const exchange = exchangeUnderTest({ clock: this.#clock, request, response, inbound });
    request.carry(exchange);
    try {
      await this.#answer(exchange);
      return undefined;
    } catch (reason) {
      if (!response.isEnded) response.abort();
      return reason;
    } finally {
      exchange.close();
      request.exchangeEnded(exchange.isLast);
    }
  }
}

export async function openServer(answer: Answer, clock: Clock = systemClock): Promise<AnsweringServer> {
  return await new AnsweringServer(answer, clock).open();
}
