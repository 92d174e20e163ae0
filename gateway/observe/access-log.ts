import type { Exchange, Outcome } from "../exchange/exchange.ts";

import { lastAttempt } from "./outcome.ts";

/** How an exchange ended. */
export interface Ending {
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Refusals with its code whose lines were left out since the last one. */
  readonly omitted: number;
}

const maxPathLength = 1024;

/**
 * The access line of one exchange, with its line feed: the fields of the operator's contract, always all of them and
 * in one order; null where a thing never came to be. The path stands without its query, which is where secrets are. Only where
 * lines of refusals were left out before this one, `omitted` says how many.
 * Concatenated by hand: there is one for every request, and a serialiser costs half as much again.
 */
export function accessLine(exchange: Exchange, { outcome, durationMs, omitted }: Ending): string {
  const { inbound, route, trace } = exchange;
  const attempt = lastAttempt(exchange);
  return (
    `{"time":"${isoTime(Date.now())}","level":"info","event":"request"` +
    `,"requestId":${jsonString(exchange.id)},"traceId":${jsonString(trace.traceId)}` +
    `,"route":${quoted(route?.id)},"upstream":${quoted(exchange.upstream)}` +
    `,"target":${quoted(attempt?.target)}` +
    `,"method":${jsonString(inbound.method)},"path":${jsonString(bounded(inbound.path))}` +
    `,"status":${outcome.status},"code":${quoted(outcome.code)},"source":"${outcome.source}"` +
    `,"bytesIn":${exchange.bytesIn},"bytesOut":${exchange.bytesOut}` +
    `,"durationMs":${milliseconds(durationMs)},"queueMs":${milliseconds(exchange.queueMs)}` +
    `,"connectMs":${milliseconds(attempt?.connectMs)},"firstByteMs":${milliseconds(attempt?.firstByteMs)}` +
    `,"attempts":${exchange.attempts.length},"retries":${retriesOf(exchange)},"breaker":${quoted(attempt?.breaker)}` +
    `${omitted > 0 ? `,"omitted":${omitted}` : ""}}\n`
  );
}

/** Of each attempt that something would have repeated: how it ended, and whether that was granted. */
function retriesOf({ attempts }: Exchange): string {
  let retries = "";
  for (const { outcome, status, retry } of attempts) {
    if (retry === undefined) continue;
    const end = outcome === "success" ? String(status) : (outcome ?? "");
    retries += `${retries === "" ? "[" : ","}${jsonString(`${end}: ${retry}`)}`;
  }
  return retries === "" ? "null" : `${retries}]`;
}

function bounded(path: string): string {
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
}

let lastTime = 0;
let lastTimeText = "";

/** The time of a line. Many share a millisecond under load; formatting it once is enough. */
export function isoTime(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastTimeText = new Date(time).toISOString();
  }
  return lastTimeText;
}

/** Milliseconds to three decimals; null where they were never taken, as before a connection stood. */
export function roundedMs(ms: number | undefined): number | null {
  if (ms === undefined || !(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) return null;
  return Math.round(ms * 1000) / 1000;
}

/** Durations from here on are written as any number is. */
const longMs = 1e9;

/** ".001" … ".999" without zeros at the end, and "" for 0. */
const decimals = Array.from({ length: 1000 }, (_, part) => String(part / 1000).slice(1));

/** As `roundedMs`, written: a fraction is put together, because to write one costs as much as a short line. */
function milliseconds(ms: number | undefined): string {
  if (ms === undefined || !(ms >= 0 && ms < longMs)) return String(roundedMs(ms));
  const microseconds = Math.round(ms * 1000);
  const whole = Math.floor(microseconds / 1000);
  return `${whole}${decimals[microseconds - whole * 1000] as string}`;
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `text` as a JSON string. Nearly all text is plain ASCII and needs only its quotes. */
export function jsonString(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Names that recur in the lines, as JSON strings: of routes, upstreams, targets, codes, states. Those of reloads add up. */
const known = new Map<string, string>();
const maxKnown = 4096;

/**
 * A name of the gateway's or of the config as a JSON string, or null where there is none. No text of a client's, which
 * could push the others out.
 */
export function quoted(name: string | undefined): string {
  if (name === undefined) return "null";
  return known.get(name) ?? learn(name);
}

function learn(name: string): string {
  const text = jsonString(name);
  if (known.size >= maxKnown) known.clear();
  known.set(name, text);
  return text;
}
