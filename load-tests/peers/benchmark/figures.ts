import type { Cell, Figures, Round } from "./results.ts";
import type { Slice } from "./slice.ts";

import { basesOf } from "./results.ts";
import { median, ratioOf, spreadOf } from "./statistics.ts";

/** The slices of one subject in one cell. */
export interface Slices {
  readonly subject: string;
  readonly warmUps: readonly Slice[];
  readonly rounds: readonly Slice[];
}

const messageCount = 3;

/** Figures of all subjects of one cell. */
export function figuresOf(slices: readonly Slices[], unit: Cell["unit"]): readonly Figures[] {
  const rounds = new Map(slices.map((one) => [one.subject, one.rounds.map((slice) => roundOf(slice, unit))]));
  const costsOf = (name: string) => (rounds.get(name) ?? []).map((round) => round?.cpuMicroseconds);
  return slices.map(({ subject, warmUps, rounds: measured }) => {
    const all = [...warmUps, ...measured];
    const sound = (rounds.get(subject) ?? []).filter((round) => round !== undefined);
    const spread = (key: keyof Round) => spreadOf(sound.map((round) => round[key]));
    const [cpuMicroseconds, perSecond, p50Ms, p99Ms] = [
      spread("cpuMicroseconds"),
      spread("perSecond"),
      spread("p50Ms"),
      spread("p99Ms"),
    ];
    const ratios = basesOf([...rounds.keys()])
      .filter((base) => base !== subject)
      .map((base) => [base, ratioOf(costsOf(subject), costsOf(base))] as const)
      .filter(([, ratio]) => !Number.isNaN(ratio));
    return {
      subject,
      ...(cpuMicroseconds && { cpuMicroseconds }),
      ...(perSecond && { perSecond }),
      ...(p50Ms && { p50Ms }),
      ...(p99Ms && { p99Ms }),
      ...(sound.length > 0 && { busy: median(sound.map(({ busy }) => busy)) }),
      ratios: Object.fromEntries(ratios),
      errors: all.reduce((sum, { errors }) => sum + errors, 0),
      messages: [...new Set(all.flatMap(({ messages }) => messages))].slice(0, messageCount),
      rounds: sound,
    };
  });
}

/** Undefined where nothing was answered. */
function roundOf(
  { cpuMicroseconds, wallMs, answers, events, latencyMs }: Slice,
  unit: Cell["unit"],
): Round | undefined {
  const units = unit === "event" ? events : answers;
  if (units === 0 || latencyMs === undefined) return undefined;
  return {
    cpuMicroseconds: cpuMicroseconds / units,
    perSecond: units / (wallMs / 1000),
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    busy: cpuMicroseconds / 1000 / wallMs,
  };
}
