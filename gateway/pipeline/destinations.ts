import type { Exchange } from "../exchange/exchange.ts";
import type { CallTimeouts } from "../upstream/carrier.ts";
import type { Upstream } from "./upstream.ts";

/** An upstream that a route leads to, and the timers of the route's attempts there. */
export interface Destination {
  readonly service: Upstream;
  readonly timeouts: CallTimeouts;
  /** Share of the route's requests, against the other destinations'; 0 for none. */
  readonly weight: number;
}

/** Where a route's requests may go. Each is drawn for by itself, so that a canary sees all kinds of clients. */
export class Destinations {
  readonly #all: readonly Destination[];
  readonly #byName: ReadonlyMap<string, Destination>;
  readonly #total: number;
  readonly #random: () => number;

  /** At least one of `all` has a weight. */
  constructor(all: readonly Destination[], random: () => number) {
    this.#all = all.filter(({ weight }) => weight > 0);
    this.#byName = new Map(all.map((one) => [one.service.name, one]));
    this.#total = all.reduce((sum, { weight }) => sum + weight, 0);
    this.#random = random;
  }

  /** The name of the upstream that the next request goes to. */
  draw(): string {
    const last = this.#all.at(-1) as Destination;
    let left = this.#all.length === 1 ? 0 : this.#random() * this.#total;
    for (const { weight, service } of this.#all) if ((left -= weight) < 0) return service.name;
    return last.service.name;
  }

  /** The one that was drawn for the exchange. */
  of(exchange: Exchange): Destination {
    return this.#byName.get(exchange.upstream ?? "") as Destination;
  }
}
