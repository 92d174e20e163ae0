import type { ClassResult, PhaseResult } from "../../generator/load-result.ts";
import type { ScenarioRun } from "../../scenario.ts";
import type { Counters } from "../../upstream/service.ts";

/** What became of a phase, by its name. */
export function phaseOf(run: ScenarioRun, name: string): PhaseResult {
  const phase = run.load.phases.find((each) => each.name === name);
  if (phase === undefined) throw new TypeError(`the run has no phase ${name}`);
  return phase;
}

/** What became of one class of requests in a phase. */
export function classOf(run: ScenarioRun, phase: string, name: string): ClassResult {
  const result = phaseOf(run, phase).byClass[name];
  if (result === undefined) throw new TypeError(`phase ${phase} has no class ${name}`);
  return result;
}

export function endsAtMs(phase: PhaseResult): number {
  return phase.startsAtMs + phase.seconds * 1000;
}

/** CPU time of a gateway's process in a phase, of the time between the first and the last look at it. */
export function busyShare(run: ScenarioRun, phase: string, gateway = 0): number {
  const watched = phaseOf(run, phase);
  const samples = run.samples.filter(({ atMs }) => atMs >= watched.startsAtMs && atMs < endsAtMs(watched));
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  const spent = (last.cpuMicroseconds[gateway] ?? 0) - (first.cpuMicroseconds[gateway] ?? 0);
  return spent / 1000 / (last.atMs - first.atMs);
}

/** What a service counted before and after a phase: a difference tells of the phase. */
export function countersAround(run: ScenarioRun, phase: string, service = 0): { before: Counters; after: Counters } {
  const { phases } = run.load;
  const place = phases.findIndex(({ name }) => name === phase);
  const before = run.counters[phases[place - 1]?.name ?? "start"]?.[service];
  const after = run.counters[phase]?.[service];
  if (place === -1 || before === undefined || after === undefined) {
    throw new TypeError(`service ${service} has no counters around phase ${phase}`);
  }
  return { before, after };
}
