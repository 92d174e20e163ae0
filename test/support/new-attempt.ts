import type { Attempt } from "../../gateway/exchange/exchange.ts";

/** An attempt that has just begun, but for these facts. */
export function newAttempt(facts: Partial<Attempt> = {}): Attempt {
  return {
    target: "127.0.0.1:9001",
    startedAt: 0,
    phase: "connect",
    sent: false,
    reused: false,
    complete: false,
    responseBytes: 0,
    closedByUpstream: false,
    awaitsClient: false,
    connectMs: 0,
    firstByteMs: 0,
    sentAt: undefined,
    awaitedSince: 0,
    timerMs: 0,
    status: 0,
    outcome: undefined,
    retry: undefined,
    breaker: "closed",
    admission: { headCame() {}, bodyEnded() {}, bodyBroke() {} },
    ...facts,
  };
}
