import type { UpstreamErrorsConfig } from "../config/schema.ts";
import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";

import { saysLater } from "../failures/status.ts";
import { fieldOf, fieldsOf } from "./answer-fields.ts";
import { hold } from "./held-answer.ts";

/** A body without its content coding, or why that cannot be undone. */
export type Decode = (
  body: Buffer,
  coding: string | undefined,
  limits: { readonly exchange: Exchange; readonly maxBytes: number },
) => Promise<Buffer | string>;

export interface TranslateOptions {
  readonly rules: readonly Translation[];
  /** Longest body that is read for a condition. */
  readonly maxBytes: number;
  readonly decode: Decode;
}

/** One kind of answer, and the status that it is sent with instead. */
export interface Translation {
  readonly when: number;
  /** Names lower-case. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  readonly members: ReadonlyArray<readonly [steps: readonly string[], value: string]>;
  readonly status: number;
}

export function compileTranslations(rules: UpstreamErrorsConfig["translate"]): readonly Translation[] {
  return rules.map(({ when, status }) => ({
    when: when.status,
    fields: Object.entries(when.headers).map(([name, value]) => [name.toLowerCase(), value]),
    members: Object.entries(when.body).map(([pointer, value]) => [stepsOf(pointer), value]),
    status,
  }));
}

/**
 * The answer, with the status of the first rule that it meets; the answer itself where it meets none. Its body is read
 * only where a rule that it meets so far asks for it.
 *
 * @returns a promise that rejects with upstream_body_too_large, and as `hold` does
 */
export async function translate(
  answer: UpstreamAnswer,
  exchange: Exchange,
  { rules, maxBytes, decode }: TranslateOptions,
): Promise<UpstreamAnswer> {
  const candidates = rules.filter((rule) => meetsHead(answer, rule));
  const [first] = candidates;
  if (first === undefined) return answer;
  if (first.members.length === 0) return withStatus(answer, first.status);
  const held = await hold(answer, exchange, maxBytes);
  const text = await decode(held.body, fieldOf(answer.headers, "content-encoding"), { exchange, maxBytes });
  const document = Buffer.isBuffer(text) ? parsed(text) : undefined;
  const rule = candidates.find(({ members }) => members.every(([steps, value]) => memberAt(document, steps) === value));
  return rule === undefined ? held : withStatus(held, rule.status);
}

function meetsHead({ status, headers }: UpstreamAnswer, rule: Translation): boolean {
  return rule.when === status && rule.fields.every(([name, value]) => fieldsOf(headers, name).includes(value));
}

/** The same answer, saying something else. One that now says "later" says when. */
function withStatus(answer: UpstreamAnswer, status: number): UpstreamAnswer {
  const lacksWait = saysLater(status) && fieldOf(answer.headers, "retry-after") === undefined;
  return {
    status,
    headers: lacksWait ? [...answer.headers, "retry-after", "1"] : answer.headers,
    proxyStatus: answer.proxyStatus,
    receivedStatus: answer.receivedStatus ?? answer.status,
    flow: (sink) => answer.flow(sink),
    resume: () => answer.resume(),
  };
}

/** RFC 6901 §4. */
function stepsOf(pointer: string): string[] {
  const steps = pointer.split("/").slice(1);
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** A scalar member as text, for a configuration knows no types; undefined where there is none. */
function memberAt(document: unknown, steps: readonly string[]): string | undefined {
  let value = document;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  if (typeof value === "string" || value === undefined) return value;
  return typeof value === "object" && value !== null ? undefined : JSON.stringify(value);
}
