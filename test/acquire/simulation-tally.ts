export interface SimulationBucket {
  offered: number;
  good: number;
  shed: number;
}

/** What became of the requests that arrived in one phase. */
export interface SimulationTally {
  offered: number;
  good: number;
  shed: number;
  readonly goodBy: number[];
  readonly kinds: { offered: number; good: number }[];
  /** By the 250 ms of arrival. */
  readonly buckets: SimulationBucket[];
  readonly latencies: number[];
  readonly limits: number[];
}

interface TallyShape {
  readonly durationMs: number;
  readonly kinds: number;
  readonly gateways: number;
}

export const bucketMs = 250;

export function emptyTally({ durationMs, kinds, gateways }: TallyShape): SimulationTally {
  const buckets = Array.from({ length: Math.ceil(durationMs / bucketMs) }, () => ({ offered: 0, good: 0, shed: 0 }));
  return {
    offered: 0,
    good: 0,
    shed: 0,
    goodBy: Array.from({ length: gateways }, () => 0),
    kinds: Array.from({ length: kinds }, () => ({ offered: 0, good: 0 })),
    buckets,
    latencies: [],
    limits: [],
  };
}
