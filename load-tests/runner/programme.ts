import type { Scenario, Subject } from "../scenario.ts";
import type { Order } from "./command-line.ts";

import { named } from "./command-line.ts";

/** One scenario on one subject. */
export interface Trial {
  readonly scenario: Scenario;
  readonly subject: Subject;
  /** For comparison: its thresholds decide nothing. */
  readonly isReference: boolean;
}

/** All there is to choose from. */
export interface Catalogue {
  readonly subject: Subject;
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly Subject[];
  readonly peerScenarios: readonly Scenario[];
  /** The first is the gateway as it is meant to run; the others are what it is compared with. */
  readonly limits: readonly Subject[];
  readonly limitScenarios: readonly Scenario[];
}

/** What an order makes of the catalogue, scenario by scenario, its own subject first. Throws UsageFault. */
export function programmeOf(order: Order, catalogue: Catalogue): readonly Trial[] {
  if (order.mode === "limits") {
    const chosen = order.names.length === 0 ? catalogue.limitScenarios : named(order.names, catalogue.limitScenarios);
    return chosen.flatMap((scenario) => trialsOf(scenario, catalogue.limits));
  }
  const compared = order.hasPeers ? catalogue.peerScenarios : [];
  const beside = new Set(compared.map(({ name }) => name));
  return chosenScenarios(order, catalogue, compared).flatMap((scenario) =>
    trialsOf(scenario, [catalogue.subject, ...(beside.has(scenario.name) ? catalogue.peers : [])]),
  );
}

function chosenScenarios(
  { mode, names }: Order,
  { scenarios }: Catalogue,
  compared: readonly Scenario[],
): readonly Scenario[] {
  if (mode === "peers") return compared;
  const known = new Set(scenarios.map(({ name }) => name));
  const all = [...scenarios, ...compared.filter(({ name }) => !known.has(name))];
  if (mode === "scenarios") return named(names, all);
  return mode === "full" ? all : all.filter(({ isQuick }) => isQuick);
}

function trialsOf(scenario: Scenario, subjects: readonly Subject[]): readonly Trial[] {
  return subjects.map((subject, index) => ({ scenario, subject, isReference: index > 0 }));
}

/** The same scenario with phases this much longer. */
export function scaled(scenario: Scenario, scale: number): Scenario {
  if (scale === 1) return scenario;
  const phases: Scenario["phases"] = (isQuick) =>
    scenario.phases(isQuick).map((phase) => Object.assign({}, phase, { seconds: phase.seconds * scale }));
  return { ...scenario, phases };
}
