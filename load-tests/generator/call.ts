import type { ClientClass } from "./client-class.ts";
import type { Connection } from "./connection.ts";
import type { Tally } from "./tally.ts";
import type { Timed } from "./timer-wheel.ts";

/** A request of the plan with all its attempts, from its intended start to its end. Times since the start of the load. */
export interface Call extends Timed<Call> {
  client: ClientClass;
  tally: Tally;
  intendedAtMs: number;
  /** When the latest attempt was due. */
  attemptAtMs: number;
  deadlineAtMs: number;
  leavesAtMs: number;
  attempts: number;
  /** Undefined between two attempts. */
  connection: Connection<Call> | undefined;
  /** Of the latest attempt's answer; 0 where it had none. */
  status: number;
  retryAfterSeconds: number | undefined;
}

/** No answer, and answers that say nothing against asking once more. */
const retriable = new Set([0, 429, 502, 503, 504]);

/** When the next attempt is due, or undefined where the client gives up: it knows its own deadline. */
export function nextAttemptAt(call: Call, nowMs: number): number | undefined {
  const { retry } = call.client;
  if (retry === undefined || call.attempts >= retry.attempts || !retriable.has(call.status)) return undefined;
  const askedMs = retry.honoursRetryAfter ? (call.retryAfterSeconds ?? 0) * 1000 : 0;
  const atMs = nowMs + Math.max(retry.delayMs, askedMs);
  return atMs < call.deadlineAtMs ? atMs : undefined;
}
