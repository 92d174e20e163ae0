import type { Config } from "../config/schema.ts";
import type { LogLevel } from "../observe/log.ts";
import type { MetricSnapshot } from "../observe/summed-metrics.ts";

/** What the primary tells a worker. A worker takes its messages one after another. */
export type ToWorker =
  /** The first one. `config` is the worker's share, see shares.ts. */
  | { readonly kind: "serve"; readonly config: Config; readonly level: LogLevel }
  | { readonly kind: "reload"; readonly config: Config }
  | { readonly kind: "level"; readonly level: LogLevel }
  | { readonly kind: "drain" };

/** What the primary asks, and a worker answers at once whatever else it does. */
export interface Question {
  readonly kind: "ask";
  readonly id: number;
  readonly about: "metrics" | "status";
}

/** What a worker tells the primary. */
export type FromWorker =
  /** It can be told things. */
  | { readonly kind: "ready" }
  | { readonly kind: "listening"; readonly port: number }
  /** It could not be had: what an error of node's says of it. The worker ends. */
  | { readonly kind: "failed"; readonly fault: ListenFault }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  /** Its last words before it ends in order. */
  | { readonly kind: "drained"; readonly metrics: readonly MetricSnapshot[] };

export interface ListenFault {
  readonly message: string;
  readonly code?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}
