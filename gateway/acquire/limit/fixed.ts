import type { Limit } from "./limit.ts";

/** The configured number, whatever happens. */
export class FixedLimit implements Limit {
  readonly limit: number;
  readonly typicalMs = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  admitted(): void {}

  ended(): void {}
}
