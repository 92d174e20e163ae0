import type { Scenario, ScenarioPhase, ScenarioRun, Threshold } from "../scenario.ts";
import type { Service } from "../upstream/service.ts";

import { shedShare } from "../scenarios/measures/goodput.ts";
import { phaseOf } from "../scenarios/measures/phase.ts";
import { recoverySeconds } from "../scenarios/measures/recovery.ts";
import { gets, tenSlots } from "../scenarios/ordinary.ts";
import { settledGoodput } from "./goodput.ts";

/** A threshold that is also a column of the table in which the limits stand beside each other. */
export interface LimitMeasure extends Threshold {
  /** Of the column. */
  readonly title: string;
  /** Demanded in comparison: at least this share of the best subject's value. */
  readonly atLeastOfBest?: number;
  readonly isLowBest?: boolean;
  /** Told as a multiple, not as a share. */
  readonly isMultiple?: boolean;
}

export interface LimitScenario extends Scenario {
  readonly thresholds: readonly LimitMeasure[];
}

type Small = Pick<LimitScenario, "number" | "name" | "question" | "thresholds" | "gateways"> & {
  readonly service: Service;
  readonly of: readonly ScenarioPhase[];
};

/** Short enough that six subjects fit into twelve minutes: a quick run and a full one are the same. */
function small({ of, service, ...rest }: Small): LimitScenario {
  return { ...rest, isQuick: false, classes: [gets], services: [service], phases: () => of };
}

/** Good answers as a share of what was possible: of `share` of the capacity that the service was made with. */
function goodputShare(phase: string, share: number): Pick<Threshold, "of" | "unit"> {
  return { unit: "ratio", of: (run) => settledGoodput(run, phase) / (run.capacity * share) };
}

function recovery(phase: string): Pick<LimitMeasure, "of" | "unit" | "isLowBest" | "atMost"> {
  return { unit: "s", of: (run) => recoverySeconds(run, phase), isLowBest: true, atMost: 2 };
}

/** Three times the capacity, and what comes before and after it. */
export function surgeOf(service: Service): LimitScenario {
  return small({
    number: 101,
    name: "limit-surge",
    question: `Does the limit keep ${service.slots} slots busy at three times their capacity, and let all pass below it?`,
    service,
    of: [
      { name: "warm", seconds: 3, load: 0.5 },
      { name: "below", seconds: 5, load: 0.8 },
      { name: "surge", seconds: 7, load: 3 },
      { name: "after", seconds: 4, load: 0.8 },
    ],
    thresholds: [
      fullAtSurge(service),
      { title: "recovery, 3 ×", says: "recovery after 3 ×", ...recovery("after") },
      {
        title: "shed at 0.8 ×",
        says: "shed at 0.8 ×, of the offered",
        unit: "ratio",
        of: (run) => shedShare(phaseOf(run, "below").all),
        isLowBest: true,
        atMost: 0.01,
      },
      {
        title: "p99 at 3 ×",
        says: "p99 of the good at 3 ×, against 0.5 ×",
        unit: "ratio",
        of: (run) => goodP99(run, "surge") / goodP99(run, "warm"),
        isLowBest: true,
        isMultiple: true,
      },
    ],
  });
}

/** The same, but for the goodput alone. */
function shortSurgeOf(service: Service): LimitScenario {
  return small({
    number: 102,
    name: `limit-surge-${service.slots}`,
    question: `Does the same limit fit a service of ${service.slots} slots?`,
    service,
    of: [
      { name: "warm", seconds: 2, load: 0.5 },
      { name: "surge", seconds: 6, load: 3 },
    ],
    thresholds: [fullAtSurge(service)],
  });
}

function fullAtSurge({ slots }: Service): LimitMeasure {
  const says = `goodput at 3 × on ${slots} slots, of capacity`;
  return { title: `3 ×, ${slots} slots`, says, ...goodputShare("surge", 1), atLeastOfBest: 0.95 };
}

function goodP99(run: ScenarioRun, phase: string): number {
  return phaseOf(run, phase).all.goodMs.p99;
}

/** Answers take longer, and the service has room for as many as before: nothing is to be shed. */
export function shiftOf(service: Service): LimitScenario {
  const { slots } = service;
  return small({
    number: 103,
    name: `limit-shift-${slots}`,
    question: `Does the limit leave ${slots} slots alone whose answers take 60 ms longer, and whose capacity is whole?`,
    service,
    of: [
      { name: "warm", seconds: 3, load: 0.6 },
      { name: "shift", seconds: 8, load: 0.6, control: { 0: { addedMs: 60 } } },
    ],
    thresholds: [
      {
        title: `+ 60 ms, ${slots} slots`,
        says: `goodput at + 60 ms on ${slots} slots, of the offered`,
        ...goodputShare("shift", 0.6),
        atLeastOfBest: 0.95,
      },
    ],
  });
}

/** Capacity falls to a quarter, comes back, falls to an eighth, comes back; the load stays. */
export function brownOutOf(service: Service): LimitScenario {
  return small({
    number: 104,
    name: "limit-brown-out",
    question: "Does the limit follow a service that becomes four and eight times slower, and come back with it?",
    service,
    of: [
      { name: "warm", seconds: 3, load: 0.8 },
      { name: "four", seconds: 7, load: 0.8, control: { 0: { slowdown: 4 } } },
      { name: "repaired", seconds: 4, load: 0.8, control: { 0: { slowdown: 1 } } },
      { name: "eight", seconds: 8, load: 0.8, control: { 0: { slowdown: 8 } } },
      { name: "again", seconds: 3, load: 0.8, control: { 0: { slowdown: 1 } } },
    ],
    thresholds: [
      {
        title: "4 × slower",
        says: "goodput of a service 4 × slower, of its capacity",
        ...goodputShare("four", 1 / 4),
        atLeastOfBest: 0.9,
      },
      {
        title: "8 × slower",
        says: "goodput of a service 8 × slower, of its capacity",
        ...goodputShare("eight", 1 / 8),
        atLeast: 0.7,
      },
      { title: "recovery, 4 ×", says: "recovery after 4 × slower", ...recovery("repaired") },
    ],
  });
}

/** Three times the capacity through two gateways, long enough for one to push the other away. */
export function twoGatewaysOf(service: Service, seconds = 28): LimitScenario {
  return small({
    number: 105,
    name: "limit-two-gateways",
    question: "Do two gateways that do not know of each other keep one service busy, and not overrun it?",
    service,
    gateways: 2,
    of: [
      { name: "warm", seconds: 2, load: 0.5 },
      { name: "surge", seconds, load: 3 },
    ],
    thresholds: [
      {
        title: "two gateways",
        says: "goodput of two gateways at 3 ×, of capacity",
        ...goodputShare("surge", 1),
        atLeast: 0.95,
      },
    ],
  });
}

const fortySlots: Service = { ...tenSlots, slots: 40 };

/** One small scenario for each thing that a limit can get wrong. */
export const limitScenarios: readonly LimitScenario[] = [
  surgeOf(tenSlots),
  shortSurgeOf(fortySlots),
  shiftOf(tenSlots),
  shiftOf(fortySlots),
  brownOutOf(tenSlots),
  twoGatewaysOf(tenSlots),
];
