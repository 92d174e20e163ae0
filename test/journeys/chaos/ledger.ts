import type { LogLine } from "../../support/log-lines.ts";
import type { ReceivedResponse } from "../../support/http-message.ts";

import { failureCodes } from "../../../gateway/failures/codes.ts";
import { failureTable } from "../../../gateway/failures/table.ts";
import { gatewayName } from "../../support/config-file.ts";
import { valueOf } from "../../support/http-message.ts";
import { lastProxyStatus } from "../../support/problem-assert.ts";

/** What became of a request as its client saw it. */
interface Answer {
  readonly status: number;
  /** Of the problem body; undefined where there is none, as for HEAD and for a fallback. */
  readonly code: string | undefined;
  /** Of our Proxy-Status member; undefined where it names none. */
  readonly proxyError: string | undefined;
  readonly isComplete: boolean;
  readonly at: number;
}

interface Line {
  readonly status: number;
  readonly code: string;
  readonly at: number;
}

interface Entry {
  readonly answer?: Answer;
  readonly line?: Line;
}

/** 503 and 429: they want a Retry-After, and of those made before an upstream was asked the lines are sampled. */
const laterStatuses: ReadonlySet<number | null> = new Set([503, 429]);
const wholeSeconds = /^[1-9][0-9]*$/;

/** Codes of answers whose head was out when they broke: what a client that stays sees as a cut connection. */
const cutCodes: ReadonlySet<string> = new Set([
  "upstream_incomplete",
  "upstream_body_idle",
  "upstream_reset",
  "upstream_protocol_error",
  "deadline_exceeded",
]);

/** A line that has not come by then will not come: the log is flushed every 250 ms. */
const lateMs = 10_000;
const maxFaults = 20;

const hasLine = 1;
const isDone = 2;

/**
 * Sets the answers that clients got against the lines of the log, by request id, and forgets both as soon as they
 * agree; of each request only a byte is left, so that a second line is noticed.
 */
export class Ledger {
  readonly faults: string[] = [];
  /** Answers by code, "" where nothing failed. */
  readonly answers = new Map<string, number>();
  /** Access lines, failure lines, and answers without any line, by code. */
  readonly lines = new Map<string, number>();
  readonly failureLines = new Map<string, number>();
  readonly unlogged = new Map<string, number>();
  /** How many lines were left out before others, as those say. */
  readonly omitted = new Map<string, number>();
  /** Requests whose clients did not stay for the answer. */
  abandoned = 0;
  /** Answers that broke off behind their head. */
  broken = 0;
  /** Requests whose connection was cut before a head came. */
  cut = 0;
  /** Heads that broke off: the gateway may answer such a one, which nobody hears, under an id that it makes. */
  brokenHeads = 0;
  readonly #open = new Map<string, Entry>();
  #states = new Uint8Array(4096);
  /** Ids that the gateway made, for bytes that made no request. */
  readonly #others = new Map<string, number>();
  #issued = 0;

  get issued(): number {
    return this.#issued;
  }

  /** Requests that have no line. */
  get untold(): number {
    return this.#states.subarray(1, this.#issued + 1).filter((state) => (state & hasLine) === 0).length;
  }

  /** A new request's id. */
  issue(): string {
    this.#issued += 1;
    if (this.#issued >= this.#states.length) {
      const longer = new Uint8Array(2 * this.#states.length);
      longer.set(this.#states);
      this.#states = longer;
    }
    return `${prefix}${this.#issued}`;
  }

  fault(text: string): void {
    if (this.faults.length < maxFaults) this.faults.push(text);
  }

  /** The client has its answer, or the part of it after which the connection broke. */
  answered(response: ReceivedResponse, id = valueOf(response.fields, "x-request-id") ?? ""): void {
    if (id === "" || valueOf(response.fields, "x-request-id") !== id) this.fault(`${id}: answered with another's id`);
    const proxyError = proxyErrorOf(response);
    const answer: Answer = {
      status: response.status,
      code: problemCode(response),
      proxyError,
      isComplete: response.isComplete,
      at: performance.now(),
    };
    const answers = valueOf(response.fields, "x-answers");
    if (answers !== undefined && answers !== id && proxyError === undefined)
      this.fault(`${id}: has ${answers}'s answer`);
    if (answer.status === failureTable.internal.status) this.fault(`${id}: ${JSON.stringify(answer)}`);
    if (answer.code !== undefined && !saysWhen(response)) this.fault(`${id}: ${answer.code} without a Retry-After`);
    if (!answer.isComplete) this.broken += 1;
    increment(this.answers, answer.code ?? answer.proxyError ?? "");
    this.#close(id, answer);
  }

  /** The client no longer wants its answer. The gateway may never have heard of the request. */
  abandon(id: string): void {
    this.abandoned += 1;
    this.#open.delete(id);
    this.#mark(id, isDone);
  }

  /** The connection of a client that stayed ended before a head came: no more than a break after the head explains it. */
  cutOff(id: string): void {
    this.cut += 1;
    this.#close(id, { status: 0, code: undefined, proxyError: undefined, isComplete: false, at: performance.now() });
  }

  /** Takes a line of the log. */
  told(told: LogLine): void {
    const id = String(told["requestId"]);
    const code = String(told["code"]);
    if (told["event"] === "failure") return increment(this.failureLines, code);
    increment(this.lines, code);
    this.omitted.set(code, (this.omitted.get(code) ?? 0) + Number(told["omitted"] ?? 0));
    if (code === "internal") this.fault(`${id}: internal`);
    if ((this.#stateOf(id) & hasLine) !== 0) this.fault(`${id}: a second line`);
    const line = { status: Number(told["status"]), code, at: performance.now() };
    const isAwaited = (this.#stateOf(id) & isDone) === 0;
    this.#mark(id, hasLine);
    const answer = this.#open.get(id)?.answer;
    if (answer !== undefined) this.#agree(id, answer, line);
    else if (isAwaited) this.#open.set(id, { line });
  }

  /** Gives up the lines that are late. A shed without a line is for the counter to explain; another is a fault. */
  sweep(isLast = false): void {
    const now = performance.now();
    for (const [id, { answer, line }] of this.#open) {
      const at = (answer ?? line)?.at ?? 0;
      if (!isLast && now - at < lateMs) continue;
      // A request whose line is there and whose client still reads is nobody's fault before the end.
      if (answer === undefined && !isLast) continue;
      this.#open.delete(id);
      if (answer === undefined && !id.startsWith(prefix) && this.brokenHeads > 0) this.brokenHeads -= 1;
      else if (answer === undefined) this.fault(`${id}: ${JSON.stringify(line)} and no answer`);
      else if (mayBeLeftOut(answer)) increment(this.unlogged, answer.code ?? unnamed);
      else this.fault(`${id}: ${JSON.stringify(answer)} and no line`);
    }
  }

  #close(id: string, answer: Answer): void {
    if ((this.#stateOf(id) & isDone) !== 0) this.fault(`${id}: answered twice`);
    this.#mark(id, isDone);
    const line = this.#open.get(id)?.line;
    if (line === undefined) this.#open.set(id, { answer });
    else this.#agree(id, answer, line);
  }

  #agree(id: string, answer: Answer, line: Line): void {
    this.#open.delete(id);
    if (!agrees(answer, line)) this.fault(`${id}: ${JSON.stringify(answer)} against ${JSON.stringify(line)}`);
  }

  #stateOf(id: string): number {
    return id.startsWith(prefix) ? (this.#states[numberOf(id)] ?? 0) : (this.#others.get(id) ?? 0);
  }

  #mark(id: string, state: number): void {
    if (id.startsWith(prefix)) this.#states[numberOf(id)] = this.#stateOf(id) | state;
    else this.#others.set(id, this.#stateOf(id) | state);
  }
}

const prefix = "chaos-";

/** Under which answers are counted that say no code: a fallback's, and a HEAD's. */
const unnamed = "unnamed";

function numberOf(id: string): number {
  return Number(id.slice(prefix.length));
}

function agrees(answer: Answer, line: Line): boolean {
  if (!answer.isComplete) return cutCodes.has(line.code) && (answer.status === 0 || answer.status === line.status);
  if (answer.status !== line.status) return false;
  if (answer.code !== undefined) return answer.code === line.code;
  if (answer.proxyError === undefined) return line.code === "";
  return Object.hasOwn(failureTable, line.code) && rowOf(line.code).proxyError === answer.proxyError;
}

function rowOf(code: string) {
  return failureTable[code as keyof typeof failureTable];
}

/** Whether the refusal, which a fallback may stand for, is of those whose lines are sampled. */
function mayBeLeftOut({ code, proxyError }: Answer): boolean {
  if (code !== undefined) return isSampled(code);
  return failureCodes.some((each) => isSampled(each) && rowOf(each).proxyError === proxyError);
}

function isSampled(code: string): boolean {
  return code in failureTable && laterStatuses.has(rowOf(code).status);
}

/** The error that our Proxy-Status member names. */
function proxyErrorOf(response: ReceivedResponse): string | undefined {
  const parameters = lastProxyStatus(response, gatewayName);
  return parameters.has("error") ? String(parameters.get("error")) : undefined;
}

/** Where the status is one that wants a Retry-After, it is there, in whole seconds. */
function saysWhen({ status, fields }: ReceivedResponse): boolean {
  if (!laterStatuses.has(status)) return true;
  return wholeSeconds.test(valueOf(fields, "retry-after") ?? "");
}

function problemCode({ fields, body }: ReceivedResponse): string | undefined {
  if (valueOf(fields, "content-type") !== "application/problem+json" || body.length === 0) return undefined;
  return String((JSON.parse(body.toString()) as Record<string, unknown>)["code"]);
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
