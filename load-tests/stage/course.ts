import type { ScenarioPhase } from "../scenario.ts";
import type { Counters } from "../upstream/service.ts";
import type { StandingStage } from "./stage.ts";

/**
 * What happens on the stage as phases come and go: the last one's counters are read, then services are told what the
 * new one asks of them, then its act is done. One phase after another, however long that takes; the first that fails
 * is told to `fail`, and nothing more is done.
 */
export class Course {
  readonly #stage: StandingStage;
  readonly #phases: readonly ScenarioPhase[];
  readonly #fail: (error: unknown) => void;
  readonly #counters: Record<string, readonly Counters[]> = {};
  #turn = Promise.resolve();
  #running = "start";

  constructor(stage: StandingStage, phases: readonly ScenarioPhase[], fail: (error: unknown) => void) {
    this.#stage = stage;
    this.#phases = phases;
    this.#fail = fail;
  }

  enter(name: string): void {
    this.#turn = this.#turn.then(() => this.#begin(name)).catch(this.#fail);
  }

  /** The counters by phase, `start` being before the first. Call it when the load is over. */
  async end(): Promise<Readonly<Record<string, readonly Counters[]>>> {
    await this.#turn;
    await this.#count();
    return this.#counters;
  }

  async #begin(name: string): Promise<void> {
    await this.#count();
    this.#running = name;
    const phase = this.#phases.find((one) => one.name === name);
    const { services } = this.#stage;
    for (const [place, control] of Object.entries(phase?.control ?? {})) {
      const service = services[Number(place)];
      if (service === undefined) throw new Error(`phase ${name} controls service ${place} of ${services.length}`);
      await service.control(control);
    }
    await phase?.act?.(this.#stage);
  }

  async #count(): Promise<void> {
    this.#counters[this.#running] = await Promise.all(this.#stage.services.map((service) => service.counters()));
  }
}
