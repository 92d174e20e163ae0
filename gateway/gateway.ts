/**
 * THE PAGE: one request, from its head to its last byte, through the rooms in the order in which it meets them.
 *
 * The order is the design. What costs least is refused first; a body that is validated is read before anything scarce
 * is held, so that slow clients hold nothing; a permit is held until the answer is relayed, so that a limit means
 * what it says; and whatever goes wrong, anywhere, is classified once and answered once.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Arrival, Line } from "./line.ts";
import type { GatewayRoute, Rooms } from "./rooms.ts";

import { Exchange } from "./exchange.ts";
import { classify } from "./failures/classify.ts";
import { Failure } from "./failures/failure.ts";
import { lineOf } from "./line.ts";
import { bareMessages, bareResponse, endInOrder } from "./socket.ts";

type GatewayExchange = Exchange<GatewayRoute>;

export class Gateway {
  /** Where the next requests are served. Those under way stay in the rooms that they have entered. */
  rooms: Rooms;
  #inFlight = 0;
  #ended: PromiseWithResolvers<void> | undefined;
  /** Draining begins with answers that are their connection's last, and ends with refusals. */
  admission: "open" | "closing" | "closed" = "open";
  /** What a connection carries, and what waits behind it. */
  readonly line = lineOf;

  constructor(rooms: Rooms) {
    this.rooms = rooms;
  }

  /** Exchanges under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    while (this.#inFlight > 0) await (this.#ended ??= Promise.withResolvers<void>()).promise;
  }

  async #serve(exchange: GatewayExchange, rooms: Rooms, line: Line): Promise<void> {
    this.#inFlight++;
    try {
      if (exchange.failure !== undefined) throw exchange.failure; // bytes that made no request
      if (this.admission === "closed") throw new Failure("draining");
      rooms.conduct(exchange); // what no parser should have to guess at
      if (rooms.isAsked(exchange)) return await rooms.answer(exchange); // OPTIONS of the gateway itself
      const route = rooms.route(exchange);
      await rooms.admit(route, exchange); // the cheapest refusals: nothing is read yet
      await rooms.validate(route, exchange); // bodies are read under a global byte budget, before a permit is held
      using _permit = await rooms.acquire(route, exchange); // the upstream's concurrency, until the body is relayed
      const answer = await rooms.screen(await rooms.attempt(route, exchange), route, exchange); // what may leave, and as what
      exchange.isLast ||= this.admission !== "open";
      await rooms.relay(answer, route, exchange);
    } catch (thrown) {
      await this.#respond(classify(thrown, exchange), exchange, rooms); // the only catch that answers
    } finally {
      exchange.close();
      rooms.finish(exchange);
      this.#proceed(exchange, line);
      if (--this.#inFlight === 0) {
        this.#ended?.resolve();
        this.#ended = undefined;
      }
    }
  }

  async #respond(failure: Failure, exchange: GatewayExchange, rooms: Rooms): Promise<void> {
    exchange.cancel(failure); // an answer that nobody will take is given up
    exchange.isLast ||= this.admission !== "open";
    try {
      await rooms.respond(failure, exchange);
    } catch (thrown) {
      exchange.failure = classify(thrown, exchange);
      exchange.res.destroy();
    }
  }

  /** The next request of the connection has its turn; without one, an exchange that was the last ends it. */
  #proceed(exchange: GatewayExchange, line: Line): void {
    const next = line.leave();
    if (next !== undefined) this.#begin(next, line);
    // Its answer may have begun before anybody knew that it was the connection's last, and could not say so.
    else if (exchange.isLast || this.admission === "closed") endInOrder(exchange.req.socket);
  }

  /** A request whose head is there. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void {
    const line = lineOf(req.socket);
    const arrival = { req, res, owesContinue };
    if (line.enter(arrival, this.rooms.maxRequestsPerSocket)) this.#begin(arrival, line);
  }

  /** Bytes that made no request: answered and logged like every other refusal. Never throws. */
  refuse(failure: Failure, socket: Socket): void {
    this.#begin({ ...bareMessages(socket), failure, isLast: true }, lineOf(socket));
  }

  /** Whether `upgrade` takes this request: no answer may be due before its own. Never throws. */
  mayUpgrade(req: IncomingMessage): boolean {
    return lineOf(req.socket).isFree && this.rooms.mayUpgrade(req);
  }

  /** A WebSocket handshake, whose socket is ours now; `upgradeHead` is what came behind it. Never throws. */
  upgrade(req: IncomingMessage, upgradeHead: Buffer): void {
    this.#begin({ req, res: bareResponse(req), upgradeHead, isLast: true }, lineOf(req.socket));
  }

  #begin(arrival: Arrival, line: Line): void {
    const { rooms } = this;
    const exchange = new Exchange<GatewayRoute>(rooms.open(arrival.req, arrival.res));
    line.carry(exchange, arrival);
    void this.#serve(exchange, rooms, line);
  }
}
