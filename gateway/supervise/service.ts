import type { Config } from "../config/schema.ts";
import type { Listener } from "../client/server.ts";
import type { LogDestination } from "../observe/destination.ts";
import type { ConnectionsView, UpstreamView } from "../exchange/events.ts";
import type { Observer } from "../observe/observer.ts";
import type { SharedState, Pipeline } from "../pipeline/pipeline.ts";
import type { Prepared } from "./reload.ts";

import { Shedder } from "../admit/shedder.ts";
import { buildPipeline } from "../pipeline/build-pipeline.ts";
import { systemClock } from "../exchange/clock.ts";
import { Gateway } from "../gateway.ts";
import { drain } from "../client/drain.ts";
import { createListener } from "../client/server.ts";
import { createObserver } from "../observe/observer.ts";
import { IdleGeneration } from "../validate/idle-generation.ts";
import { processGauge } from "./process-gauge.ts";

export type Compiled = Pick<Prepared, "config" | "validators">;

export interface ServiceOptions extends Compiled {
  /** Where the log goes; standard output by default. */
  readonly logDestination?: LogDestination | undefined;
}

/** One process's share of the gateway: the listener, the stages, and who observes them. */
export class Service {
  #config: Config;
  readonly #shedder: Shedder;
  readonly #gateway: Gateway;
  readonly #listener: Listener;
  #generation: IdleGeneration;
  #isOpen = false;
  readonly observer: Observer;
  port = 0;

  constructor({ config, validators, logDestination: destination }: ServiceOptions) {
    this.#config = config;
    this.#shedder = new Shedder({
      config: config.shedding,
      gauge: processGauge(),
      clock: systemClock,
      atTurnsEnd: setImmediate,
      random: Math.random,
    });
    this.observer = createObserver({
      config: config.log,
      routes: config.routes.map((route) => route.id),
      views: () => this.#views(),
      connections: () => this.#connections(),
      shedding: () => this.#shedder.view,
      ...(destination === undefined ? {} : { destination }),
    });
    this.#gateway = new Gateway(this.#build({ config, validators }));
    this.#generation = this.#generate(validators);
    this.#listener = createListener({
      listen: config.listen,
      handler: this.#gateway,
      clock: systemClock,
      report: this.observer.report,
    });
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  get state(): "starting" | "serving" | "draining" {
    if (this.#isOpen) return "serving";
    return this.#gateway.admission === "open" ? "starting" : "draining";
  }

  get inFlight(): number {
    return this.#gateway.inFlight;
  }

  /** Rejects with node's error where the port cannot be had. */
  async open(): Promise<void> {
    this.port = await this.#listener.open();
    this.#isOpen = true;
    this.#generation.start();
  }

  /**
   * All is made before anything is swapped, and the swap is one assignment: no request sees half of each. Requests
   * under way keep what they began with.
   */
  putInForce(compiled: Compiled): void {
    const { config } = compiled;
    const last = this.#gateway.pipeline;
    const next = this.#build(compiled, last.shared);
    this.#gateway.pipeline = next;
    this.#generation.stop();
    this.#generation = this.#generate(compiled.validators);
    if (this.#isOpen) this.#generation.start();
    next.shared.budget.reconfigure(config.listen.maxBufferedBytes);
    this.#config = config;
    this.#shedder.reconfigure(config.shedding);
    this.#listener.reconfigure(config.listen);
    this.observer.reconfigure(
      config.log,
      config.routes.map((route) => route.id),
    );
    last.close(next);
  }

  /** Drains, see client/drain.ts. Resolves with whether everything ended by itself. The log stays open. */
  async drain(): Promise<boolean> {
    this.#isOpen = false;
    this.#generation.stop();
    const isClean = await drain({
      config: this.#config.listen.drain,
      listener: this.#listener,
      clock: systemClock,
      admission: (admission) => {
        this.#gateway.admission = admission;
      },
    });
    await this.#gateway.idle();
    this.#gateway.pipeline.close();
    return isClean;
  }

  /** Ends at once: what is in flight is destroyed. The log stays open. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#generation.stop();
    const closed = this.#listener.close();
    this.#listener.destroy();
    await closed;
    await this.#gateway.idle();
    this.#gateway.pipeline.close();
  }

  /** What /status says of this process. */
  status() {
    const { open, dropped, reclaimed, responseBytes, requestBytes, pipelinedBytes } = this.#connections();
    return {
      state: this.state,
      inFlight: this.inFlight,
      connections: { open, dropped, reclaimed },
      bufferedBodyBytes: requestBytes,
      bufferedResponseBytes: responseBytes,
      bufferedPipelinedBytes: pipelinedBytes,
      shedding: this.#shedder.view,
      routes: this.#config.routes.map(({ id, path, upstream, weights }) => ({ id, path, upstream, weights })),
      upstreams: this.#views(),
    };
  }

  #build({ config, validators }: Compiled, inherited?: SharedState): Pipeline {
    const [observer, shedder] = [this.observer, this.#shedder];
    return buildPipeline({ config, validators, observer, shedder, clock: systemClock, random: Math.random, inherited });
  }

  #generate(validators: Compiled["validators"]): IdleGeneration {
    return new IdleGeneration({ validators, isIdle: () => this.inFlight === 0, clock: systemClock });
  }

  #connections(): ConnectionsView {
    return { ...this.#listener.connections, requestBytes: this.#gateway.pipeline.shared.budget.reservedBytes };
  }

  #views(): UpstreamView[] {
    return [...this.#gateway.pipeline.shared.upstreams.values()].map(({ upstream }) => upstream.view());
  }
}
