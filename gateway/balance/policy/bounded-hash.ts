import type { Exchange, Target } from "../../exchange/exchange.ts";
import type { Policy } from "../pool.ts";

/** How far over its fair share of what is under way a target may go, before its keys go to their next one. */
const loadFactor = 1.25;

/**
 * Consistent hashing: one key goes to one target for as long as that may be asked, and a target that comes or goes, or
 * whose weight changes, moves no more keys than its share. Each target has a rank for each key, the best one gets it:
 * rendezvous hashing, which needs no ring to be built, and by whose weights a slow start returns keys little by little.
 * A target far above its fair share is passed over, so that no popular key, and nobody who picks his keys, overruns it.
 *
 * Sources: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM ToN 6(1), 1998;
 * Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005 (the weights); Mirrokni, Thorup and
 * Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018.
 */
export class BoundedHash<T extends Target> implements Policy<T> {
  readonly #keyOf: HashKey;
  readonly #keyless: Policy<T>;
  readonly #seeds = new Map<T, number>();

  /** `keyless` chooses for requests that have no key. */
  constructor(keyOf: HashKey, keyless: Policy<T>) {
    this.#keyOf = keyOf;
    this.#keyless = keyless;
  }

  choose(candidates: readonly T[], exchange: Exchange): T {
    const key = this.#keyOf(exchange);
    if (key === undefined || key === "") return this.#keyless.choose(candidates, exchange);
    const hash = hashOf(key);
    let weights = 0;
    let underWay = 1;
    for (const { weight, inFlight } of candidates) {
      weights += weight;
      underWay += inFlight;
    }
    let best = candidates[0] as T;
    let least = Infinity;
    for (const target of candidates) {
      const { weight } = target;
      if (target.inFlight >= Math.ceil((loadFactor * underWay * weight) / weights)) continue;
      const rank = -Math.log(fraction(hash ^ this.#seedOf(target))) / weight;
      if (rank >= least) continue;
      best = target;
      least = rank;
    }
    return best;
  }

  #seedOf(target: T): number {
    let seed = this.#seeds.get(target);
    if (seed === undefined) this.#seeds.set(target, (seed = scattered(hashOf(target.label))));
    return seed;
  }
}

/** FNV-1a over the UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The finaliser of MurmurHash3: each bit that goes in changes half of those that come out. */
function scattered(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** 0 < x < 1. */
function fraction(hash: number): number {
  return ((scattered(hash) >>> 0) + 0.5) / 2 ** 32;
}

/** What a request is hashed by; undefined where it has no such thing. */
export type HashKey = (exchange: Exchange) => string | undefined;

/** `upstreams.*.hashBy`, compiled: ip, path or header:<name>. */
export function compileHashKey(hashBy: string): HashKey {
  if (hashBy === "ip") return ({ inbound }) => inbound.clientAddress;
  if (hashBy === "path") return ({ inbound }) => inbound.path;
  const name = hashBy.slice("header:".length).toLowerCase();
  return ({ inbound }) => inbound.fields.get(name);
}
