import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { SchemaCheck } from "./schema-check.ts";
import type { RouteValidator } from "./validate.ts";

import { loadDialects } from "./code-generation.ts";

export interface IdleGenerationOptions {
  readonly validators: ReadonlyMap<string, RouteValidator>;
  /** Whether no request would wait for it. */
  readonly isIdle: () => boolean;
  readonly clock: Clock;
}

/**
 * Generates the code of schemas while the gateway is idle, one schema in a turn of the event loop, so that few requests
 * have to wait for it. The first turn only loads what generates it. What a request needed before is generated already, and
 * left out. A schema of which no code can be generated is left to the request that needs it, which is answered with the
 * failure that the check keeps.
 */
export class IdleGeneration {
  readonly #isIdle: () => boolean;
  readonly #clock: Clock;
  readonly #waiting: SchemaCheck[];
  #timer: TimerHandle | undefined;
  #isLoaded = false;

  constructor({ validators, isIdle, clock }: IdleGenerationOptions) {
    this.#isIdle = isIdle;
    this.#clock = clock;
    this.#waiting = [...new Set([...validators.values()].flatMap(checksOf))].filter(({ isReady }) => !isReady);
  }

  /** Schemas whose code may still have to be generated. */
  get waiting(): number {
    return this.#waiting.length;
  }

  start(): void {
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#timer = this.#clock.setTimeout(runTurn, pauseMs, this);
  }

  stop(): void {
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  runTurn(): void {
    if (this.#isIdle()) this.#generate();
    this.start();
  }

  #generate(): void {
    if (!this.#isLoaded) {
      loadDialects();
      this.#isLoaded = true;
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) return;
    try {
      void next.quick;
    } catch {
      // The request that needs it tells: nobody waits for it now.
    }
  }
}

function runTurn(generation: IdleGeneration): void {
  generation.runTurn();
}

function checksOf({ path, query, headers, body, response }: RouteValidator): SchemaCheck[] {
  return [path?.check, query?.check, headers?.check, body.check, response].filter((check) => check !== undefined);
}

/** Between two schemas: connections and requests have their turns, and most of the time is theirs. */
const pauseMs = 10;
