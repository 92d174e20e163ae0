/**
 * THE PAGE: one request, from its head to its last byte, through the rooms in the order in which it meets them.
 *
 * The order is the design. What costs least is refused first; a body that is validated is read before anything scarce
 * is held, so that slow clients hold nothing; a permit is held until the answer is relayed, so that a limit means
 * what it says; and whatever goes wrong, anywhere, is classified once and answered once.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { GatewayRoute, Rooms } from "./assembly.ts";

import { Exchange } from "./exchange.ts";
import { classify } from "./failures/classify.ts";
import { Failure } from "./failures/failure.ts";
import { bareMessages, carriedExchange, carry, endWhenIdle } from "./socket.ts";

type GatewayExchange = Exchange<GatewayRoute>;

export class Gateway {
  readonly #rooms: Rooms;
  #inFlight = 0;
  #ended: PromiseWithResolvers<void> | undefined;
  /** Draining begins with answers that are their connection's last, and ends with refusals. */
  admission: "open" | "closing" | "closed" = "open";

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** Exchanges under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0) await (this.#ended ??= Promise.withResolvers<void>()).promise;
  }

  async #serve(exchange: GatewayExchange): Promise<void> {
    const rooms = this.#rooms;
    this.#inFlight++;
    try {
      if (exchange.failure !== undefined) throw exchange.failure; // bytes that made no request
      if (this.admission === "closed") throw new Failure("draining");
      rooms.conduct(exchange); // what no parser should have to guess at
      const route = rooms.route(exchange);
      rooms.admit(route); // the cheapest refusals: nothing is read yet
      await rooms.validate(route, exchange); // bodies are read under a global byte budget, before a permit is held
      using _permit = await rooms.acquire(route, exchange); // the upstream's concurrency, until the body is relayed
      const answer = await rooms.attempt(route, exchange);
      exchange.isLast ||= this.admission !== "open";
      await rooms.relay(answer, route, exchange);
    } catch (thrown) {
      await this.#respond(classify(thrown, exchange), exchange); // the only catch that answers
    } finally {
      exchange.close();
      rooms.finish(exchange);
      // Its answer may have begun before anybody knew that it was the connection's last, and could not say so.
      if (exchange.isLast || this.admission === "closed") endWhenIdle(exchange.req.socket);
      if (--this.#inFlight === 0) this.#ended = void this.#ended?.resolve();
    }
  }

  async #respond(failure: Failure, exchange: GatewayExchange): Promise<void> {
    exchange.isLast ||= this.admission !== "open";
    try {
      await this.#rooms.respond(failure, exchange);
    } catch (thrown) {
      exchange.failure = classify(thrown, exchange);
      exchange.res.destroy();
    }
  }

  /** A request whose head is there. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void {
    const exchange = this.#open(req, res);
    exchange.owesContinue = owesContinue;
    void this.#serve(exchange);
  }

  /** Bytes that made no request: answered and logged like every other refusal. Never throws. */
  refuse(failure: Failure, socket: Socket): void {
    const { req, res } = bareMessages(socket);
    const exchange = this.#open(req, res);
    exchange.isLast = true;
    exchange.failure = failure;
    void this.#serve(exchange);
  }

  /** The request that the socket carries now turned out to be broken. False where it carries none. */
  breakOff(failure: Failure, socket: Socket): boolean {
    const exchange = carriedExchange(socket);
    if (exchange === undefined) return false;
    exchange.isLast = true;
    // A whole request is answered before the connection ends; what follows it is not worth an answer.
    if (!exchange.req.complete) exchange.cancel(failure);
    return true;
  }

  /** Whether an answer on this connection is not out yet. */
  isBusy(socket: Socket): boolean {
    return carriedExchange(socket) !== undefined;
  }

  #open(req: IncomingMessage, res: ServerResponse): GatewayExchange {
    const exchange: GatewayExchange = new Exchange(this.#rooms.open(req, res));
    carry(req.socket, exchange);
    // Not 'aborted' nor the request's own 'close': those come late, or for whole requests too.
    res.on("close", () => {
      if (!res.writableFinished) exchange.cancel(new Failure("client_closed"));
    });
    return exchange;
  }
}
