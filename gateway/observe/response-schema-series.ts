import type { CellCounter } from "./cell-counter.ts";
import type { ResponseSchemaEvent } from "../exchange/events.ts";
import type { Cell } from "./request-series.ts";

/** Places of one route's schema that are counted apart; an upstream cannot make more than there are, but many. */
const maxPointers = 100;
/** Least time between two lines of one route. Milliseconds. */
const lineMs = 1000;

/** Answers against their schemas, counted by route and place in the schema; and which of them get a log line. */
export class ResponseSchemaSeries {
  readonly #now: () => number;
  readonly #violations = new Map<string, Map<string, Cell>>();
  readonly #unchecked = new Map<string, Cell>();
  readonly #lines = new Map<string, { dueAt: number; omitted: number }>();

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get counters(): readonly CellCounter[] {
    return [
      {
        name: "statuswise_response_schema_violations_total",
        help: "Answers that did not match their route's schema, by the place in the schema.",
        labelNames: ["route", "pointer"],
        cells: () => [...this.#violations.values()].flatMap((byPointer) => Array.from(byPointer.values())),
      },
      {
        name: "statuswise_response_schema_unchecked_total",
        help: "Answers that could not be checked against their route's schema.",
        labelNames: ["route"],
        cells: () => this.#unchecked.values(),
      },
    ];
  }

  /** Each place once for an answer, however often the answer offends there. */
  count(event: ResponseSchemaEvent): void {
    const { route } = event;
    if (event.outcome === "unchecked") {
      increment(this.#unchecked, route, { route });
      return;
    }
    const byPointer = this.#violations.get(route) ?? new Map<string, Cell>();
    this.#violations.set(route, byPointer);
    for (const place of new Set(event.errors.map((error) => error.schemaPointer))) {
      const pointer = byPointer.has(place) || byPointer.size < maxPointers ? place : "other";
      increment(byPointer, pointer, { route, pointer });
    }
  }

  /**
   * How many of the route's lines were left out since its last one; undefined where this one is to be left out as well.
   * A schema that is wrong is wrong for every answer.
   */
  omittedBefore({ route }: ResponseSchemaEvent): number | undefined {
    const now = this.#now();
    const line = this.#lines.get(route);
    if (line !== undefined && now < line.dueAt) {
      line.omitted += 1;
      return undefined;
    }
    this.#lines.set(route, { dueAt: now + lineMs, omitted: 0 });
    return line?.omitted ?? 0;
  }

  /** Forgets the routes that a reloaded config no longer has. */
  keep(routes: ReadonlySet<string>): void {
    for (const known of [this.#violations, this.#unchecked, this.#lines]) {
      for (const route of known.keys()) if (!routes.has(route)) known.delete(route);
    }
  }
}

function increment(cells: Map<string, Cell>, key: string, labels: Cell["labels"]): void {
  const cell = cells.get(key);
  if (cell === undefined) cells.set(key, { labels, count: 1 });
  else cell.count += 1;
}
