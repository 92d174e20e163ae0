import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Report, SchemaMismatch, UncheckedReason } from "../exchange/events.ts";

import { Failure } from "../failures/failure.ts";
import { fieldOf } from "./answer-fields.ts";
import { CopiedAnswer } from "./copied-answer.ts";
import { hold } from "./held-answer.ts";

/** An answer's body as it came, and what its fields say of it. */
export interface AnswerBody {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** What a check found: nothing, what is wrong, or why it cannot be told. */
export type Checked =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly errors: readonly SchemaMismatch[] }
  | { readonly kind: "unchecked"; readonly reason: UncheckedReason };

export interface CheckLimits {
  /** Who waits for it; undefined where nobody does. */
  readonly exchange: Exchange | undefined;
  /** Longest body once it is inflated. */
  readonly maxBytes: number;
}

/** Checks one body. Rejects with why the exchange was cancelled. */
export type CheckBody = (body: AnswerBody, limits: CheckLimits) => Checked | Promise<Checked>;

export interface ResponseSchemaOptions {
  readonly route: string;
  readonly mode: "report" | "enforce";
  /** Longest body that is read to be checked. */
  readonly maxBytes: number;
  /** Share of the answers that is checked where it only reports. */
  readonly sample: number;
  readonly check: CheckBody;
  readonly report: Report;
  readonly random: () => number;
}

/** Checks under way at once for one route whose answers are out already; beyond, answers pass unchecked. */
const maxBehind = 16;

/** What one route's successful answers must be like. Errors of the upstream have another form, and pass. */
export class ResponseSchema {
  readonly #options: ResponseSchemaOptions;
  #behind = 0;

  constructor(options: ResponseSchemaOptions) {
    this.#options = options;
  }

  /**
   * The answer to relay. Enforced, it has been read and is valid; else it is checked once it is out.
   *
   * @returns a promise that rejects with upstream_schema_violation, upstream_body_too_large, or as `hold` does
   */
  apply(answer: UpstreamAnswer, exchange: Exchange): UpstreamAnswer | Promise<UpstreamAnswer> {
    if (!isChecked(answer, exchange)) return answer;
    const { mode, sample, random, maxBytes } = this.#options;
    if (mode === "enforce") return this.#enforce(answer, exchange);
    if (sample < 1 && random() >= sample) return answer;
    return new CopiedAnswer(answer, maxBytes, (bytes) => void this.#review(answer, exchange, bytes));
  }

  async #enforce(answer: UpstreamAnswer, exchange: Exchange): Promise<UpstreamAnswer> {
    const { maxBytes, check } = this.#options;
    const held = await hold(answer, exchange, maxBytes);
    const checked =
      answer.status === partial ? uncheckable : await check(bodyOf(answer, held.body), { exchange, maxBytes });
    if (checked.kind === "valid") return held;
    this.#tell(checked, exchange);
    const { status: receivedStatus, proxyStatus } = answer;
    // Refused for its size once it is inflated, as it would be if it had come so.
    const isTooLarge = checked.kind === "unchecked" && checked.reason === "too_large";
    const code = isTooLarge ? "upstream_body_too_large" : "upstream_schema_violation";
    throw new Failure(code, { receivedStatus, proxyStatus });
  }

  /** Never rejects: the answer is out, and a check that fails must not take anything with it. */
  async #review(answer: UpstreamAnswer, exchange: Exchange, bytes: Buffer | undefined): Promise<void> {
    if (answer.status === partial) return this.#tell(uncheckable, exchange);
    if (bytes === undefined) return this.#tell({ kind: "unchecked", reason: "too_large" }, exchange);
    if (this.#behind >= maxBehind) return this.#tell({ kind: "unchecked", reason: "busy" }, exchange);
    this.#behind++;
    try {
      const { check, maxBytes } = this.#options;
      this.#tell(await check(bodyOf(answer, bytes), { exchange: undefined, maxBytes }), exchange);
    } catch {
      this.#tell({ kind: "unchecked", reason: "failed" }, exchange);
    } finally {
      this.#behind--;
    }
  }

  #tell(checked: Checked, exchange: Exchange): void {
    if (checked.kind === "valid") return;
    const { route, mode, report } = this.#options;
    const { id: requestId, trace } = exchange;
    const target = exchange.attempts.at(-1)?.target ?? null;
    const about = { event: "response_schema", route, mode, requestId, traceId: trace.traceId, target } as const;
    if (checked.kind === "invalid") report({ ...about, outcome: "violation", errors: checked.errors });
    else report({ ...about, outcome: "unchecked", reason: checked.reason });
  }
}

const partial = 206;
const uncheckable: Checked = { kind: "unchecked", reason: "partial" };
/** Of these none has content (RFC 9110 §6.4.1, §15.3.6). */
const withoutContent = new Set([204, 205]);

function isChecked({ status }: UpstreamAnswer, { inbound }: Exchange): boolean {
  return status >= 200 && status < 300 && !withoutContent.has(status) && inbound.method !== "HEAD";
}

function bodyOf({ headers }: UpstreamAnswer, bytes: Buffer): AnswerBody {
  const contentType = fieldOf(headers, "content-type");
  return { bytes, contentType, contentEncoding: fieldOf(headers, "content-encoding") };
}
