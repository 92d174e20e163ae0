import type { RunningSubject, Scenario, Stage, Subject } from "../scenario.ts";
import type { RunningService } from "../upstream/client.ts";

import { startService } from "../upstream/client.ts";

/** Services and gateways of a run, each in a process of its own. Disposing it ends them, the last one first. */
export interface StandingStage extends Stage, AsyncDisposable {
  readonly services: readonly RunningService[];
  readonly gateways: readonly RunningSubject[];
  readonly notes: Readonly<Record<string, number>>;
}

/** Starts all that a scenario needs, each gateway in front of all services. Whatever fails, nothing stays behind. */
export async function setStage(scenario: Scenario, subject: Subject, seed: number): Promise<StandingStage> {
  await using stack = new AsyncDisposableStack();
  const services: RunningService[] = [];
  for (const [place, service] of scenario.services.entries()) {
    services.push(stack.use(await startService(service, seed + place)));
  }
  const ports = services.map(({ port }) => port);
  const gateways: RunningSubject[] = [];
  for (let n = 0; n < (scenario.gateways ?? 1); n += 1) {
    gateways.push(stack.use(await subject.start(ports, scenario.config)));
  }
  const notes: Record<string, number> = {};
  const stage = {
    services,
    gateways,
    notes,
    note(name: string, value: number) {
      notes[name] = value;
    },
  };
  const capacity = (await scenario.measureCapacity?.(stage)) ?? madeCapacity(scenario);
  const owned = stack.move();
  return { ...stage, capacity, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Requests per second of the first service as it was made. */
function madeCapacity({ services: [first] }: Scenario): number {
  return first === undefined ? 0 : (first.slots * 1000) / first.meanMs;
}
