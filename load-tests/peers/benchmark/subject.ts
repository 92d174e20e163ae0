import type { ProxyProcess } from "./proxy-process.ts";

/** What a workload goes by: two gateways of different commits are of one kind. */
export type SubjectKind =
  | "gateway"
  | "http-proxy"
  | "http-proxy-3"
  | "@fastify/http-proxy"
  | "nginx"
  | "nginx-lua"
  | "haproxy";

/** One proxy of the comparison. */
export interface Subject {
  /** What --subjects takes and tables say. */
  readonly name: string;
  readonly kind: SubjectKind;
  /** What is switched on, in words. */
  readonly setting: string;
  /** Whether it comes from load-tests/peers/package.json. */
  readonly isPackage: boolean;
  readonly version: () => string;
  /** Why it cannot run here and how to mend that, or undefined. */
  readonly unmet: () => string | undefined;
  /** Throws `Unmet` if the start shows that a part is not installed. */
  readonly start: (place: Place) => Promise<ProxyProcess>;
}

/** What a subject is started with. */
export interface Place {
  /** Port of the service behind it, on 127.0.0.1. */
  readonly servicePort: number;
  /** A folder of its own. */
  readonly folder: string;
}

/** A part of the system that a subject needs is not installed; the message says how to get it. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}
