/** Where the values of one dimension lie: a domain, the ticks within it, and whether steps are factors. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly isLog: boolean;
}

const roundSteps = [1, 2, 2.5, 5, 10];

/** From 0 to at least `max`, in about `count` round steps. */
export function linearAxis(max: number, count = 5): Axis {
  const step = roundStep((max > 0 ? max : 1) / count);
  const steps = Math.max(1, Math.ceil((max > 0 ? max : 1) / step - 1e-9));
  return { from: 0, to: tidy(steps * step), ticks: range(steps).map((index) => tidy(index * step)), isLog: false };
}

/** As `linearAxis`, but ending with `max`: time does not go on after the last phase. */
export function timeAxis(max: number, count = 8): Axis {
  const axis = linearAxis(max, count);
  return { ...axis, to: max, ticks: axis.ticks.filter((tick) => tick <= max) };
}

/** Whole powers of ten, and 2 and 5 of each where there are few; values of 0 or less have no place on it. */
export function logAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const least = positive.length === 0 ? 1 : Math.min(...positive);
  const most = positive.length === 0 ? 10 : Math.max(...positive);
  const from = floorTick(least);
  const to = Math.max(ceilTick(most), from * 10);
  const powers = range(Math.ceil(Math.log10(to) - 1e-9) - Math.floor(Math.log10(from) + 1e-9)).map(
    (index) => 10 ** (Math.floor(Math.log10(from) + 1e-9) + index),
  );
  const factors = powers.length > 4 ? [1] : [1, 2, 5];
  const ticks = powers.flatMap((power) => factors.map((factor) => tidy(power * factor)));
  return { from, to, ticks: ticks.filter((tick) => tick >= from && tick <= to), isLog: true };
}

/** The share of the axis below the value, 0 … 1. */
export function placeOn({ from, to, isLog }: Axis, value: number): number {
  if (!isLog) return (value - from) / (to - from);
  return Math.log(Math.max(value, from) / from) / Math.log(to / from);
}

function range(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, index) => index);
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (roundSteps.find((step) => step * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

function floorTick(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return tidy(power * ([5, 2, 1].find((factor) => factor * power <= value) ?? 1));
}

function ceilTick(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return tidy(power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10));
}

/** Without the noise that binary fractions leave. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
