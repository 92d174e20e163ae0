import type { TraceContext } from "../exchange/exchange.ts";
import type { RandomSource } from "./random.ts";

/** A request field: several lines of one name come joined by `, `. */
type FieldValue = string | undefined;

const requestIdForm = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * The exchange's id: the client's X-Request-Id where it is safe to repeat in fields and logs, otherwise a new one.
 * Two of them arrive joined by a comma, which the form does not allow: neither is believed.
 */
export function requestId(received: FieldValue, random: RandomSource): string {
  return received !== undefined && requestIdForm.test(received) ? received : random.hex(16);
}

// The four fields every version begins with (W3C Trace Context §3.2). Lower-case hex only.
const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?$/;
const zeroTraceId = "0".repeat(32);
const zeroSpanId = "0".repeat(16);

const sampledBit = 0b01;
const randomIdBit = 0b10;

/** Of a trace begun here. Sampled: every exchange is recorded, in the access log, under its trace and span id. */
const newTraceFlags = "01";

/** The trace fields of a request. */
interface ReceivedTrace {
  readonly traceparent?: FieldValue;
  readonly tracestate?: FieldValue;
}

/**
 * Continues the client's trace with a span of our own, or begins one. An invalid traceparent begins a new trace and
 * takes its tracestate with it (W3C Trace Context §4.3).
 */
export function traceContext(received: ReceivedTrace, random: RandomSource): TraceContext {
  const spanId = random.hex(8);
  const parent = received.traceparent !== undefined ? traceparentForm.exec(received.traceparent) : null;
  if (parent === null || !isValidParent(parent)) {
    return { traceId: random.hex(16), spanId, flags: newTraceFlags, state: undefined };
  }
  const [, , traceId = "", , flags = ""] = parent;
  return { traceId, spanId, flags: knownFlags(flags), state: validState(received.tracestate) };
}

/** Our traceparent for the upstream: always version 00, whatever version came in. */
export function traceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;
}

function isValidParent([, version, traceId, parentId, , rest]: RegExpExecArray): boolean {
  if (version === "ff" || traceId === zeroTraceId || parentId === zeroSpanId) return false;
  // A later version may add fields; version 00 ends here.
  return version !== "00" || rest === undefined;
}

/** A bit we do not know must not be passed on under version 00 (§3.2.2.5.2). */
function knownFlags(flags: string): string {
  return `0${Number.parseInt(flags, 16) & (sampledBit | randomIdBit)}`;
}

const maxStateLength = 512;
const maxStateMembers = 32;
const stateMember = /^[ \t]*(?:[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256})?[ \t]*$/;

/** Forwarded as it came, or not at all: cutting it would be changing other vendors' members. */
function validState(received: FieldValue): string | undefined {
  if (received === undefined || received === "" || received.length > maxStateLength) return undefined;
  const members = received.split(",");
  return members.length <= maxStateMembers && members.every(isStateMember) ? received : undefined;
}

function isStateMember(member: string): boolean {
  return stateMember.test(member);
}
