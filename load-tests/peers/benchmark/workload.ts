import type { Request } from "../workloads.ts";
import type { ExpectedAnswer } from "./slice.ts";
import type { SubjectKind } from "./subject.ts";

import {
  eventsPerStream,
  get,
  getClosed,
  getEvents,
  getLarge,
  invalidPost,
  largeBodyBytes,
  post,
} from "../workloads.ts";

export type WorkloadName = "get" | "post" | "large" | "events" | "rejected" | "shed";

/** One kind of request that is measured. */
export interface Workload {
  /** What --workloads takes. */
  readonly name: WorkloadName;
  /** What tables say. */
  readonly title: string;
  /** Of what the cost is told. */
  readonly unit: "request" | "event";
  readonly request: Request;
  /** Without the status, which is 200 unless `refusals` is there. */
  readonly expected?: Omit<ExpectedAnswer, "status">;
  /** Status by which each subject refuses the request; the workload is for these subjects alone. */
  readonly refusals?: Readonly<Partial<Record<SubjectKind, number>>>;
  /** Keep-alive connections; those of `get` are an option. */
  readonly connections: number;
  /**
   * Slices last this many times as long; default 1. At a fixed rate a proxy is hardly busy, and its CPU time is known in
   * steps of 10 ms.
   */
  readonly stretch?: number;
}

export const usualConnections = 64;

export const workloads: readonly Workload[] = [
  { name: "get", title: "GET", unit: "request", request: get, connections: usualConnections },
  { name: "post", title: post.name, unit: "request", request: post, connections: usualConnections },
  {
    name: "large",
    title: "GET 1 MiB",
    unit: "request",
    request: getLarge,
    expected: { bodyBytes: largeBodyBytes },
    connections: 16,
  },
  {
    name: "events",
    title: "event stream",
    unit: "event",
    request: getEvents,
    expected: { events: eventsPerStream },
    connections: usualConnections,
    stretch: 2,
  },
  {
    name: "rejected",
    title: "POST rejected",
    unit: "request",
    request: invalidPost,
    refusals: { gateway: 400, "nginx-lua": 400 },
    connections: usualConnections,
  },
  {
    name: "shed",
    title: "GET shed",
    unit: "request",
    request: getClosed,
    refusals: { gateway: 503, nginx: 503, "nginx-lua": 503, haproxy: 503 },
    connections: usualConnections,
  },
];

/** What each answer has to be, or undefined where the subject cannot do what the workload is about. */
export function expectedOf({ expected, refusals }: Workload, kind: SubjectKind): ExpectedAnswer | undefined {
  const status = refusals === undefined ? 200 : refusals[kind];
  return status === undefined ? undefined : { ...expected, status };
}
