import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { once } from "node:events";
import { createServer } from "node:http";

import type { Clock } from "../../gateway/clock.ts";
import type { Exchange, Inbound } from "../../gateway/exchange.ts";

import { systemClock } from "../../gateway/clock.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

export type Answer = (exchange: Exchange, req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** A plain server whose every request is answered by the room under test. */
export class AnsweringServer implements AsyncDisposable {
  readonly #server = createServer();
  /** How each answer ended: undefined, or what it rejected with. */
  readonly ends: Promise<unknown>[] = [];
  port = 0;

  constructor(answer: Answer, clock: Clock) {
    const handle = (req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void => {
      const inbound: Partial<Inbound> = { method: req.method ?? "", target: req.url ?? "" };
      const exchange = exchangeUnderTest({ clock, req, res, inbound });
      exchange.owesContinue = owesContinue;
      this.ends.push(
        answer(exchange, req, res).then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      );
    };
    this.#server.on("request", (req, res) => handle(req, res, false));
    this.#server.on("checkContinue", (req, res) => handle(req, res, true));
  }

  async open(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export async function openServer(answer: Answer, clock: Clock = systemClock): Promise<AnsweringServer> {
  return await new AnsweringServer(answer, clock).open();
}
