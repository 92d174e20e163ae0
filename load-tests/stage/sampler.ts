import type { GatewaySample, RunningSubject, SubjectSample } from "../scenario.ts";
import type { StandingStage } from "./stage.ts";

import { cpuMicrosecondsOf, residentBytesOf } from "../peers/child.ts";

const everyMs = 250;

/** Of a gateway that cannot be asked. */
const unasked: SubjectSample = { limit: 0, inFlight: 0, queued: 0, breaker: "closed" };

/**
 * Looks at all gateways and services four times a second. A look that lasts is not doubled: the next one is then
 * left out, and so is one that a busy gateway does not answer. That a process is gone is told to `fail`.
 */
export class Sampler implements Disposable {
  readonly #stage: StandingStage;
  readonly #fail: (error: unknown) => void;
  readonly #samples: GatewaySample[] = [];
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(stage: StandingStage, fail: (error: unknown) => void) {
    this.#stage = stage;
    this.#fail = fail;
  }

  get samples(): readonly GatewaySample[] {
    return this.#samples;
  }

  /** The load began so many milliseconds ago. Again is nothing. */
  start(agoMs: number): void {
    if (this.#timer !== undefined) return;
    this.#startedAt = performance.now() - agoMs;
    this.#timer = setInterval(() => void this.#look(), everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const spent = this.#spent();
      const seen = await this.#ask();
      if (seen !== undefined) this.#samples.push({ ...spent, ...seen });
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isLooking = false;
    }
  }

  /** Throws where a process is gone. */
  #spent() {
    const { gateways } = this.#stage;
    return {
      atMs: performance.now() - this.#startedAt,
      rssBytes: gateways.map(({ pid }) => residentBytesOf(pid)),
      cpuMicroseconds: gateways.map(({ pid }) => cpuMicrosecondsOf(pid)),
    };
  }

  async #ask() {
    try {
      const { gateways, services } = this.#stage;
      const [asked, received] = await Promise.all([
        Promise.all(gateways.map(sampleOf)),
        Promise.all(services.map((service) => service.received())),
      ]);
      return {
        limit: asked.map(({ limit }) => limit),
        inFlight: asked.map(({ inFlight }) => inFlight),
        queued: asked.map(({ queued }) => queued),
        breaker: asked.map(({ breaker }) => breaker),
        received,
      };
    } catch {
      return undefined;
    }
  }
}

async function sampleOf(gateway: RunningSubject): Promise<SubjectSample> {
  return (await gateway.sample?.()) ?? unasked;
}
