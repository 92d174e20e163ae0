import type { WorkMeter } from "./work-meter.ts";

/** Two equal items of an array, by their places. */
export interface Repeat {
  readonly i: number;
  readonly j: number;
}

/**
 * Finds an item that occurs twice, in time linear in the array's text. ajv compares each item with each other, and a
 * megabyte of small numbers would take it an hour. JSON values are equal as JSON Schema has it: by value, whatever the
 * order of members; nesting is bounded by the one who parsed them.
 */
export function findRepeat(items: readonly unknown[], meter: WorkMeter): Repeat | undefined {
  const places = new Map<unknown, number>();
  for (const [i, item] of items.entries()) {
    const key = keyOf(item, meter);
    const j = places.get(key);
    if (j !== undefined) return { i, j };
    places.set(key, i);
  }
  return undefined;
}

/** A number, boolean and null are their own keys (a Map holds 0 and -0 for the same); texts cannot be anything else's. */
function keyOf(item: unknown, meter: WorkMeter): unknown {
  meter.charge(workPerItem);
  if (typeof item === "string") return `"${item}`;
  return typeof item === "object" && item !== null ? canonical(item, meter) : item;
}

function canonical(value: unknown, meter: WorkMeter): string {
  meter.charge(workPerItem);
  if (typeof value !== "object" || value === null) {
    const text = JSON.stringify(value);
    meter.charge(text.length);
    return Object.is(value, -0) ? "0" : text;
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, meter)).join(",")}]`;
  const record = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(record).toSorted();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(record[name], meter)}`).join(",")}}`;
}

const workPerItem = 20;
