import type { LoadPhase, LoadPlan, RequestClass } from "./generator/plan.ts";
import type { LoadResult } from "./generator/load-result.ts";
import type { Control, Counters, Service } from "./upstream/service.ts";

/** One question to a gateway under load, and what a good answer is. */
export interface Scenario {
  /** Of the list in load-tests/README.md. */
  readonly number: number;
  /** kebab-case; what --scenario takes. */
  readonly name: string;
  readonly question: string;
  /** In --quick, too. */
  readonly isQuick: boolean;
  /** The simulated services; a gateway config reaches them as ${UPSTREAM_1}, ${UPSTREAM_2} … */
  readonly services: readonly Service[];
  /** How many gateways stand before them; default 1. Load is spread evenly. */
  readonly gateways?: number;
  /** What differs from the standing config; see stage/gateway-config.ts. */
  readonly config?: ConfigPatch;
  readonly classes: readonly RequestClass[];
  /** How long answers may take: so many connections stand before the load. Default 100 ms. */
  readonly answerMs?: number;
  phases(isQuick: boolean): readonly ScenarioPhase[];
  readonly attackers?: LoadPlan["attackers"];
  /** Judged on the medians over the runs. */
  readonly thresholds: readonly Threshold[];
  /** Why a run proves nothing although the generator kept its pace; empty where it does. */
  doubts?(run: ScenarioRun): readonly string[];
  /** What else must be there, such as Redis: why the scenario is skipped, or undefined. */
  unmet?(): string | undefined;
  /** Where only the gateway itself can say what a load of 1 is, in requests per second. Called before `prepare`. */
  measureCapacity?(stage: Omit<Stage, "capacity">): Promise<number>;
  /** Called once everything stands, before the load; what it returns is disposed at the end. */
  prepare?(stage: Stage): Promise<AsyncDisposable>;
}

export interface ScenarioPhase extends Omit<LoadPhase, "ratePerSecond"> {
  /** In multiples of the capacity of the first service as it was made (all of `slots / meanMs`), of what `measureCapacity` found, or of `per`. */
  readonly load: number;
  /** Requests per second that a load of 1 means, in place of the service's capacity. */
  readonly per?: number;
  /** Sent to the services as the phase begins, by their place in `services`. */
  readonly control?: Readonly<Record<number, Control>>;
  /** Done as the phase begins, after `control`. */
  readonly act?: (stage: Stage) => Promise<void>;
}

/** Routes and upstream settings beyond the standing ones; deep-merged over the config of stage/gateway-config.ts. */
export type ConfigPatch = Readonly<Record<string, unknown>>;

export interface Threshold {
  /** What is measured, as a stranger would say it: `goodput at 3 × of the peak`. */
  readonly says: string;
  readonly of: (run: ScenarioRun) => number;
  readonly unit: "ratio" | "ms" | "s" | "count" | "rps" | "µs";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** All that was seen of one run. */
export interface ScenarioRun {
  readonly load: LoadResult;
  /** Requests per second that a load of 1 meant. */
  readonly capacity: number;
  /** Every quarter of a second, since the start of the load. */
  readonly samples: readonly GatewaySample[];
  /** Of each service, as each phase ended: `counters[phase name][service]`, with `start` for before the load. */
  readonly counters: Readonly<Record<string, readonly Counters[]>>;
  /** Of each gateway, once all is quiet. */
  readonly end: readonly GatewayEnd[];
  /** What `prepare` and `act` have noted, by name. */
  readonly notes: Readonly<Record<string, number>>;
}

export interface GatewaySample {
  readonly atMs: number;
  /** By gateway; of its first upstream. */
  readonly limit: readonly number[];
  readonly inFlight: readonly number[];
  readonly queued: readonly number[];
  /** By gateway, of all its targets the worst: closed, half-open, open. */
  readonly breaker: readonly string[];
  readonly rssBytes: readonly number[];
  /** CPU time spent since the start, in microseconds. */
  readonly cpuMicroseconds: readonly number[];
  /** Of each service. */
  readonly received: readonly number[];
}

export interface GatewayEnd {
  readonly inFlight: number;
  readonly rssBytes: number;
  /** Answers 500 by its metrics. */
  readonly internal: number;
  readonly breakerOpens: number;
  /** Heap and buffers after a full collection, before and after the load. Undefined where that cannot be had. */
  readonly liveBytes?: { readonly before: number; readonly after: number };
}

/** What stands while a scenario runs. */
export interface Stage {
  readonly capacity: number;
  readonly services: readonly ServiceHandle[];
  readonly gateways: readonly GatewayHandle[];
  /** Told as `notes`. */
  note(name: string, value: number): void;
}

export interface ServiceHandle {
  readonly port: number;
  control(change: Control): Promise<void>;
  counters(): Promise<Counters>;
}

export interface GatewayHandle {
  readonly port: number;
  /** Undefined where the subject has none. */
  readonly adminPort: number | undefined;
  readonly pid: number;
  /** Puts its config, with this over it, in force by a reload. Undefined where the subject has none. */
  readonly reconfigure?: (patch: ConfigPatch) => Promise<void>;
}

/** What is put to the test: statuswise with some config, or a peer. */
export interface Subject {
  readonly name: string;
  /** What is special about it, in a few words: `concurrency.limit: knee`. */
  readonly setting: string;
  /** Why it cannot be had here, or undefined. */
  unmet?(): string | undefined;
  /** Starts one process in front of the services; resolves when it accepts connections. */
  start(servicePorts: readonly number[], config: ConfigPatch | undefined): Promise<RunningSubject>;
}

export interface RunningSubject extends GatewayHandle, AsyncDisposable {
  /** Cheap: asked four times a second. Undefined where there is nothing to ask. */
  sample?(): Promise<SubjectSample>;
  /** Asked when the load is over. */
  end?(): Promise<SubjectEnd>;
  /** Collects all garbage, and tells what is left: heap and buffers. Asked before and after the load. */
  liveBytes?(): Promise<number>;
}

/** Of the first upstream; the breaker is the worst of all targets. */
export type SubjectSample = Readonly<{ [K in "limit" | "inFlight" | "queued"]: number }> & { readonly breaker: string };

/** Of all upstreams together. */
export type SubjectEnd = Omit<GatewayEnd, "rssBytes" | "liveBytes">;
