import type { Clock } from "../exchange/clock.ts";
import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Lifetime } from "./storable.ts";

import { fieldsOf } from "./answer-fields.ts";
import { isCacheable, lifetimeOf } from "./storable.ts";

export interface StaleCacheOptions {
  /** Memory for all entries, their keys and fields included. */
  readonly maxBytes: number;
  /** How old an answer may be served at most, in milliseconds. */
  readonly staleMs: number;
  readonly clock: Clock;
}

/** A good answer of the past. */
export interface Stale {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Milliseconds since the origin made it. */
  readonly ageMs: number;
  /** Milliseconds for which it stays fresh; negative where it is stale. */
  readonly freshForMs: number;
}

interface Entry {
  readonly key: string;
  readonly varying: ReadonlyArray<readonly [name: string, value: string]>;
  readonly answer: Pick<Stale, "status" | "headers" | "body">;
  readonly lifetime: Lifetime;
  readonly storedAt: number;
  readonly bytes: number;
}

/** What may be kept of an answer that is coming: where it belongs, and for how long. */
export type Place = Pick<Entry, "key" | "varying" | "lifetime">;

/** No entry is larger than this share of the memory: one large answer must not push out all others. */
const largestShare = 1 / 4;
const maxVariants = 8;
/** What an entry costs beside its text, roughly. Bytes. */
const overheadBytes = 512;

/** The last good answers of one route, in bounded memory: what is used least recently is forgotten first. */
export class StaleCache {
  readonly #options: StaleCacheOptions;
  /** By host and target; the most recently used stands last. */
  readonly #variants = new Map<string, Entry[]>();
  #bytes = 0;

  constructor(options: StaleCacheOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The longest body that is kept. */
  get maxBodyBytes(): number {
    return Math.floor(this.#options.maxBytes * largestShare);
  }

  /** Where this answer would be kept; undefined where it may not be. */
  placeFor(answer: UpstreamAnswer, exchange: Exchange): Place | undefined {
    if (!isCacheable(exchange)) return undefined;
    const lifetime = lifetimeOf(answer, exchange, this.#options.staleMs);
    const vary = fieldsOf(answer.headers, "vary").join(",").toLowerCase();
    if (lifetime === undefined || vary.includes("*")) return undefined;
    const names = vary.split(",").map((name) => name.trim());
    const varying = names.filter((name) => name !== "").map((name) => [name, requestField(exchange, name)] as const);
    return { key: keyOf(exchange), varying, lifetime };
  }

  /** Keeps an answer, in place of the one that stood there. */
  put({ key, varying, lifetime }: Place, answer: Entry["answer"]): void {
    const text = key.length + varying.join("").length + answer.headers.join("").length;
    const bytes = overheadBytes + 2 * text + answer.body.length;
    if (bytes > this.#options.maxBytes * largestShare) return;
    const known = this.#take(key);
    const others = known.filter((entry) => !isSame(entry.varying, varying)).slice(1 - maxVariants);
    const entry: Entry = { key, varying, lifetime, answer, bytes, storedAt: this.#options.clock.now() };
    this.#keep(key, [...others, entry]);
    for (const oldest of this.#variants.keys()) {
      if (this.#bytes <= this.#options.maxBytes) break;
      this.#take(oldest);
    }
  }

  /** What may be served to this request after an error; undefined for nothing. */
  find(exchange: Exchange): Stale | undefined {
    if (!isCacheable(exchange)) return undefined;
    const key = keyOf(exchange);
    const now = this.#options.clock.now();
    const usable = this.#take(key).filter((entry) => ageOf(entry, now) <= entry.lifetime.usableMs);
    if (usable.length === 0) return undefined;
    this.#keep(key, usable);
    const entry = usable.findLast(({ varying }) =>
      varying.every(([name, value]) => requestField(exchange, name) === value),
    );
    if (entry === undefined) return undefined;
    const ageMs = ageOf(entry, now);
    return { ...entry.answer, ageMs, freshForMs: entry.lifetime.freshMs - ageMs };
  }

  #take(key: string): Entry[] {
    const entries = this.#variants.get(key) ?? [];
    this.#variants.delete(key);
    for (const { bytes } of entries) this.#bytes -= bytes;
    return entries;
  }

  #keep(key: string, entries: Entry[]): void {
    this.#variants.set(key, entries);
    for (const { bytes } of entries) this.#bytes += bytes;
  }
}

function ageOf({ lifetime, storedAt }: Entry, now: number): number {
  return lifetime.ageMs + (now - storedAt);
}

function keyOf({ inbound }: Exchange): string {
  return `${inbound.isSecure ? "s" : ""} ${inbound.authority.toLowerCase()} ${inbound.target}`;
}

/** The request's field as it came, several joined; empty where it is absent. */
function requestField({ inbound }: Exchange, name: string): string {
  return inbound.fields.get(name) ?? "";
}

function isSame(one: Entry["varying"], other: Entry["varying"]): boolean {
  return (
    one.length === other.length && one.every(([name, value], i) => name === other[i]?.[0] && value === other[i]?.[1])
  );
}
