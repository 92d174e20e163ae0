import type { BodySink, Exchange, UpstreamAnswer, Waiter, WriteObserver } from "../exchange/exchange.ts";
import type { ProxyStatus } from "./proxy-status.ts";

import { Failure, TimerExpired } from "../failures/failure.ts";

/** A route's rules for the answer's fields, names lower-case. */
export interface ResponseRules {
  readonly set: ReadonlyArray<readonly [string, string]>;
  readonly remove: ReadonlySet<string>;
}

export interface RelayOptions {
  readonly proxyStatus: ProxyStatus;
  /** This gateway in Via. */
  readonly pseudonym: string;
}

/**
 * Sends the upstream's answer to the client: its status with our reason phrase, its fields, its body byte for byte
 * under backpressure. Resolves when the client has it all, undefined where that is so at once; rejects with the failure
 * that broke it off.
 */
export function relay(
  answer: UpstreamAnswer,
  exchange: Exchange,
  options: RelayOptions & { readonly rules: ResponseRules | undefined },
): Promise<void> | undefined {
  const { response } = exchange;
  exchange.phase = "relay";
  exchange.outcome = { status: answer.status, code: "", source: "upstream" };
  const fields = responseFields(answer, exchange, options);
  if (answer.tunnel !== undefined) return answer.tunnel.open(fields);
  try {
    response.begin(answer.status, fields, exchange.isLast);
  } catch (cause) {
    // The writer refuses a field that no client should see, before a byte of it was written.
    exchange.outcome = undefined;
    throw new Failure("upstream_protocol_error", { cause });
  }
  // What was sent whole is needed no more: no further attempt follows.
  if (exchange.attempts.at(-1)?.complete === true) exchange.releaseBody();
  const relayed = new Relayed(answer, exchange);
  answer.flow(relayed);
  // The head waits for the first of the body; whoever awaits events must not await the first for the head.
  if (!relayed.hasBegun) response.flush();
  return relayed.done();
}

function responseFields(
  answer: UpstreamAnswer,
  exchange: Exchange,
  options: RelayOptions & { readonly rules: ResponseRules | undefined },
): string[] {
  const { rules, proxyStatus } = options;
  const fields = keptFields(answer, rules);
  fields.push("via", `1.1 ${options.pseudonym}`, "x-request-id", exchange.id);
  fields.push(
    "proxy-status",
    proxyStatus.after(answer.proxyStatus, proxyStatus.received(answer.receivedStatus ?? answer.status)),
  );
  if (rules !== undefined) for (const [name, value] of rules.set) fields.push(name, value);
  return fields;
}

/** The answer's own fields. A 204 has no content, nor has a 101, so no length either (RFC 9110 §8.6). */
export function keptFields(
  answer: Pick<UpstreamAnswer, "status" | "headers" | "tunnel">,
  rules: ResponseRules | undefined,
): string[] {
  const { headers } = answer;
  const isEmpty = answer.status === 204 || answer.tunnel !== undefined;
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (rules?.remove.has(name) === true || (isEmpty && name === "content-length")) continue;
    fields.push(name, headers[i + 1] as string);
  }
  return fields;
}

/** The answer's body on its way to the client, and after its end the wait until it is out. */
class Relayed implements BodySink, Waiter, WriteObserver {
  readonly #answer: UpstreamAnswer;
  readonly #exchange: Exchange;
  #settled: PromiseWithResolvers<void> | undefined;
  #isDone = false;
  #brokenBy: Error | undefined;
  #isBlocked = false;
  /** Something of the body, or its end, has come. */
  hasBegun = false;

  constructor(answer: UpstreamAnswer, exchange: Exchange) {
    this.#answer = answer;
    this.#exchange = exchange;
  }

  /** Undefined where the response is out already. Rejects with what broke it off. */
  done(): Promise<void> | undefined {
    if (this.#brokenBy !== undefined) return Promise.reject(this.#brokenBy);
    return this.#isDone ? undefined : (this.#settled = Promise.withResolvers<void>()).promise;
  }

  write(chunk: Buffer): boolean {
    this.hasBegun = true;
    const exchange = this.#exchange;
    const { response } = exchange;
    exchange.bytesOut += chunk.length;
    const mayGoOn = response.write(chunk);
    if (response.pendingBytes > 0) this.#awaitClient();
    if (mayGoOn) return true;
    this.#isBlocked = true;
    response.onceFlushed(this);
    return !this.#isBlocked;
  }

  end(lastChunk: Buffer | undefined): void {
    this.hasBegun = true;
    const exchange = this.#exchange;
    const { response } = exchange;
    if (lastChunk !== undefined) exchange.bytesOut += lastChunk.length;
    exchange.await(this);
    const isBuffered = response.end(lastChunk);
    if (response.isFinished) return this.#finish();
    // The upstream has said all: others may use it, however slowly this client reads. Not where much is left: then the
    // permit is what bounds the memory for it.
    if (isBuffered) exchange.releaseUpstream();
    this.#awaitClient();
    response.onceFlushed(this);
  }

  /** The system has taken all that was written. */
  flushed(): void {
    this.#exchange.clientRests();
    if (this.#exchange.response.isFinished) return this.#finish();
    this.#isBlocked = false;
    this.#answer.resume();
  }

  gone(): void {
    this.#exchange.cancel(new Failure("client_closed"));
  }

  fail(cause: unknown): void {
    this.hasBegun = true;
    this.#break(cause instanceof Error ? cause : new Failure("internal", { cause }));
  }

  /** The upstream has done its part: whatever runs out now, it is the client that was awaited. */
  cancel(reason: Error): void {
    this.#break(reason instanceof TimerExpired ? new Failure("client_timeout", { cause: reason }) : reason);
  }

  #awaitClient(): void {
    this.#exchange.writeTimer.begin();
    this.#exchange.clientIsAwaited();
  }

  #finish(): void {
    this.#isDone = true;
    this.#exchange.settle();
    this.#settled?.resolve();
  }

  #break(cause: Error): void {
    this.#brokenBy = cause;
    this.#settled?.reject(cause);
  }
}
