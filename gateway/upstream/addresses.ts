import type { LookupAddress, LookupOptions } from "node:dns";

import { lookup } from "node:dns";

import type { Clock, TimerHandle } from "../exchange/clock.ts";

export type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressesOptions {
  readonly hostname: string;
  readonly refreshMs: number;
  readonly clock: Clock;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
}

/** Connections that fail do not have the name asked for more often than this, in milliseconds. */
const doubtMs = 1000;

/**
 * The addresses of a name: asked for when it is first used, then every `refreshMs`, and after a connection failed. Each
 * connection begins with the next one, so that all are used. Where asking fails the known ones stay in force: a
 * resolver's outage must not become ours.
 */
export class Addresses {
  readonly #options: AddressesOptions;
  readonly #resolve: Resolve;
  #known: readonly LookupAddress[] = [];
  #turn = 0;
  #askedAt = -Infinity;
  /** Who waits for the answer; undefined while nothing is asked. */
  #waiting: ((error: NodeJS.ErrnoException | null) => void)[] | undefined;
  #timer: TimerHandle | undefined;
  #isClosed = false;
  /** Called when the name may have lost addresses. */
  changed: () => void = () => {};

  constructor(options: AddressesOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? lookup;
  }

  /** Whether the name had this address when it was last asked for. */
  has(address: string | undefined): boolean {
    return this.#known.length === 0 || this.#known.some((one) => one.address === address);
  }

  /** Takes the place of node's own, for `connect`. */
  readonly lookup = (_hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    const answer = (error: NodeJS.ErrnoException | null): void => {
      const [first, ...rest] = error === null ? this.#inTurn() : [];
      if (first === undefined) callback(error, []);
      else if (options.all === true) callback(null, [first, ...rest]);
      else callback(null, first.address, first.family);
    };
    if (this.#known.length === 0) this.#ask(answer);
    else queueMicrotask(() => answer(null));
  };

  /** A connection failed: what is known may be out of date. */
  doubt(): void {
    if (this.#known.length > 0 && this.#options.clock.now() - this.#askedAt >= doubtMs) this.#ask();
  }

  refresh(): void {
    this.#timer = undefined;
    this.#ask();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  // The resolver's order of the families stays: RFC 6724 put the one that can be reached first.
  #inTurn(): LookupAddress[] {
    const known = this.#known;
    const at = this.#turn++ % known.length;
    const turned = [...known.slice(at), ...known.slice(0, at)];
    const [preferred, others] = [true, false].map((is) =>
      turned.filter(({ family }) => (family === known[0]?.family) === is),
    );
    return [...(preferred ?? []), ...(others ?? [])];
  }

  #ask(answer?: (error: NodeJS.ErrnoException | null) => void): void {
    const isAsking = this.#waiting !== undefined;
    const waiting = (this.#waiting ??= []);
    if (answer !== undefined) waiting.push(answer);
    if (isAsking) return;
    this.#askedAt = this.#options.clock.now();
    this.#resolve(this.#options.hostname, { all: true }, (error, addresses) => {
      this.#waiting = undefined;
      if (error === null) this.#known = addresses;
      for (const told of waiting) told(error);
      if (this.#isClosed || this.#known.length === 0) return;
      this.#stopTimer();
      this.#timer = this.#options.clock.setTimeout(refresh, this.#options.refreshMs, this);
      this.changed();
    });
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function refresh(addresses: Addresses): void {
  addresses.refresh();
}
