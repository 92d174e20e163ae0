import { METHODS } from "node:http";

import { failureCodes } from "../failures/codes.ts";

/** One counter's child: its labels, and a plain number that prom-client gets to see when somebody asks. */
export interface Cell {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

/** The route label of requests that matched none. */
export const unmatchedRoute = "none";

// Every label value is one of a closed set, so that no client and no upstream can make series without end.
const methods = indexed([...METHODS, "OTHER"]);
const codes = indexed([...failureCodes, "", "other"]);
const lastMethod = methods.size - 1;
const lastCode = codes.size - 1;
const minStatus = 100;
const maxStatus = 599;
const statusSpan = maxStatus + 1;

/** The request counters of one route, found by number: no label object and no string is made for a request. */
export class RequestSeries {
  readonly #route: string;
  readonly #cells = new Map<number, Cell>();

  constructor(route: string) {
    this.#route = route;
  }

  get cells(): readonly Cell[] {
    return [...this.#cells.values()];
  }

  count(method: string, status: number, code: string): void {
    const methodIndex = methods.get(method) ?? lastMethod;
    const codeIndex = codes.get(code) ?? lastCode;
    const knownStatus = status >= minStatus && status <= maxStatus ? Math.trunc(status) : 0;
    const key = (codeIndex * methods.size + methodIndex) * statusSpan + knownStatus;
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, this.#begin(methodIndex, knownStatus, codeIndex));
    else cell.count += 1;
  }

  #begin(methodIndex: number, status: number, codeIndex: number): Cell {
    const labels = {
      route: this.#route,
      method: nameAt(methods, methodIndex),
      status: String(status),
      code: nameAt(codes, codeIndex),
    };
    return { labels, count: 1 };
  }
}

function indexed(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]));
}

function nameAt(names: ReadonlyMap<string, number>, index: number): string {
  return [...names.keys()][index] ?? "";
}
