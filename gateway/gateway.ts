/**
 * The story of one request, from its head to its last byte, through the stages in the order in which it meets them.
 *
 * The order is the design. What costs least is refused first; a body that is validated is read before anything scarce
 * is held, so that slow clients hold nothing; a permit is held until the upstream's response has been read whole, so that a
 * limit means what it says; and whatever goes wrong, anywhere, is classified once and answered once.
 */
import type { ClientRequest, GatewayRoute, Pipeline } from "./pipeline/pipeline.ts";

import { Exchange } from "./exchange/exchange.ts";
import { classify } from "./failures/classify.ts";
import { Failure } from "./failures/failure.ts";

type GatewayExchange = Exchange<GatewayRoute>;

export class Gateway {
  /** Where the next requests are served. Those under way stay in the stages that they have entered. */
  pipeline: Pipeline;
  #inFlight = 0;
  #ended: PromiseWithResolvers<void> | undefined;
  /** Draining begins with answers that are their connection's last, and ends with refusals. */
  admission: "open" | "closing" | "closed" = "open";

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
  }

  /** Exchanges under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    while (this.#inFlight > 0) await (this.#ended ??= Promise.withResolvers<void>()).promise;
  }

  /** A request whose head is there, or bytes that made none. Never throws. */
  handle(request: ClientRequest): void {
    const { pipeline } = this;
    const exchange = new Exchange<GatewayRoute>(pipeline.open(request));
    exchange.failure = request.failure;
    exchange.isLast = request.isLast;
    request.carry(exchange);
    void this.#serve(exchange, pipeline, request);
  }

  async #serve(exchange: GatewayExchange, pipeline: Pipeline, request: ClientRequest): Promise<void> {
    this.#inFlight++;
    try {
      if (exchange.failure !== undefined) throw exchange.failure; // bytes that made no request
      if (this.admission === "closed") throw new Failure("draining");
      pipeline.check(exchange); // what no parser should have to guess at
      if (pipeline.isForGateway(exchange)) return await pipeline.respondToOptions(exchange);
      const route = pipeline.route(exchange);
      const admitted = pipeline.admit(route, exchange); // the cheapest refusals: nothing is read yet
      if (admitted instanceof Failure) return await this.#respond(admitted, exchange, pipeline);
      if (admitted !== undefined) await admitted;
      const validated = pipeline.validate(route, exchange); // bodies are read under a byte budget, before a permit is held
      if (validated instanceof Failure) return await this.#respond(validated, exchange, pipeline);
      if (validated !== undefined) await validated;
      const acquired = pipeline.acquire(route, exchange); // the upstream's concurrency, until its response has been read
      using permit = acquired instanceof Promise ? await acquired : acquired;
      exchange.permit = permit;
      const received = await pipeline.attempt(route, exchange);
      const allowed = pipeline.applyPolicy(received, route, exchange); // what may leave, and as what
      const response = allowed instanceof Promise ? await allowed : allowed;
      exchange.isLast ||= this.admission !== "open";
      const relayed = pipeline.relay(response, route, exchange);
      if (relayed !== undefined) await relayed;
    } catch (thrown) {
      await this.#respond(classify(thrown, exchange), exchange, pipeline); // the only catch that answers
    } finally {
      exchange.close();
      pipeline.finish(exchange);
      // An answer may have begun before anybody knew that it was the connection's last, and could not say so.
      request.exchangeEnded(exchange.isLast || this.admission === "closed");
      if (--this.#inFlight === 0) {
        this.#ended?.resolve();
        this.#ended = undefined;
      }
    }
  }

  #respond(failure: Failure, exchange: GatewayExchange, pipeline: Pipeline): Promise<void> | undefined {
    exchange.cancel(failure); // an answer that nobody will take is given up
    exchange.isLast ||= this.admission !== "open";
    try {
      return pipeline.respond(failure, exchange)?.catch((thrown: unknown) => abort(thrown, exchange));
    } catch (thrown) {
      return abort(thrown, exchange);
    }
  }
}

function abort(thrown: unknown, exchange: GatewayExchange): undefined {
  exchange.failure = classify(thrown, exchange);
  exchange.response.abort();
}
