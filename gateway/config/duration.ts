/** What a measure counts: resolved to milliseconds, bytes, or a fraction of 1. */
export type Unit = "duration" | "size" | "rate";

interface Measure {
  /** The notation, for messages. */
  readonly expected: string;
  /** The notation, for editors. */
  readonly pattern: string;
  /** Suffix and worth, smallest first. */
  readonly scale: ReadonlyArray<readonly [string, number]>;
}

export const measures: Readonly<Record<Unit, Measure>> = {
  duration: {
    expected: "a duration such as 250ms, 5s, 2m or 1h",
    pattern: "^\\d+(ms|s|m|h)$",
    scale: [
      ["ms", 1],
      ["s", 1000],
      ["m", 60_000],
      ["h", 3_600_000],
    ],
  },
  size: {
    expected: "a size such as 512B, 64KiB, 1MiB or 2GiB",
    pattern: "^\\d+(B|KiB|MiB|GiB|TiB)$",
    scale: [
      ["B", 1],
      ["KiB", 2 ** 10],
      ["MiB", 2 ** 20],
      ["GiB", 2 ** 30],
      ["TiB", 2 ** 40],
    ],
  },
  rate: { expected: "a rate such as 50% or 0.5%", pattern: "^\\d+(\\.\\d+)?%$", scale: [["%", 1]] },
};

const notation = /^(\d+(?:\.\d+)?)(\D+)$/;

/** `5s` as milliseconds, `1KiB` as bytes, `50%` as 0.5; undefined where the text is nothing of the kind. */
export function parseMeasure(unit: Unit, text: string): number | undefined {
  const [, amount = "", suffix = ""] = notation.exec(text) ?? [];
  const worth = measures[unit].scale.find(([name]) => name === suffix)?.[1];
  if (worth === undefined) return undefined;
  // Divided, not multiplied by 0.01: 57% is 0.57 and not 0.5700000000000001.
  if (unit === "rate") return Number(amount) / 100;
  const total = Number(amount) * worth;
  return amount.includes(".") || !Number.isSafeInteger(total) ? undefined : total;
}

/** The shortest notation of a resolved value: 90000 as `90s`, 120000 as `2m`. */
export function formatMeasure(unit: Unit, value: number): string {
  if (unit === "rate") return `${Number((value * 100).toPrecision(12))}%`;
  const { scale } = measures[unit];
  const [suffix, worth] = scale.findLast((entry) => value !== 0 && value % entry[1] === 0) ?? scale[0] ?? ["", 1];
  return `${value / worth}${suffix}`;
}
