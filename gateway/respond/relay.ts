import type { BodySink, Exchange, UpstreamAnswer, Waiter } from "../exchange.ts";
import type { ProxyStatus } from "./proxy-status.ts";

import { Failure, TimerExpired } from "../failures/failure.ts";
import { endAfterRequest, isRequestLeft } from "./linger.ts";

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
 * under backpressure. Resolves when the client has it all; rejects with the failure that broke it off.
 */
export async function relay(
  answer: UpstreamAnswer,
  exchange: Exchange,
  options: RelayOptions & { readonly rules: ResponseRules | undefined },
): Promise<void> {
  const { res } = exchange;
  exchange.phase = "relay";
  exchange.outcome = { status: answer.status, code: "", source: "upstream" };
  if (answer.tunnel !== undefined) {
    res.statusCode = answer.status;
    return answer.tunnel.open(responseFields(answer, exchange, options));
  }
  try {
    res.writeHead(answer.status, responseFields(answer, exchange, options));
  } catch (cause) {
    // Node refuses a field that no client should see, before a byte of it was written.
    exchange.outcome = undefined;
    throw new Failure("upstream_protocol_error", { cause });
  }
  const relayed = new Relayed(answer, exchange);
  answer.flow(relayed);
  // Node keeps a head back until the first of the body; whoever awaits events must not await the first for the head.
  if (!relayed.hasBegun) res.flushHeaders();
  await relayed.done;
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
  if (answer.tunnel !== undefined) return fields;
  if (exchange.isLast || isRequestLeft(exchange)) fields.push("connection", "close");
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

/** Bodies up to this are cheaper copied than written on their own (measured). Bytes. */
const oneWriteBytes = 16_384;

/** The answer's body on its way to the client, and after its end the wait until it is out. */
class Relayed implements BodySink, Waiter {
  readonly #answer: UpstreamAnswer;
  readonly #exchange: Exchange;
  readonly done: Promise<void>;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;
  #isBlocked = false;
  /** Something of the body, or its end, has come. */
  hasBegun = false;

  constructor(answer: UpstreamAnswer, exchange: Exchange) {
    this.#answer = answer;
    this.#exchange = exchange;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  write(chunk: Buffer): boolean {
    this.hasBegun = true;
    const { res } = this.#exchange;
    this.#exchange.bytesOut += chunk.length;
    if (res.write(chunk)) return true;
    this.#exchange.readerWait.begin();
    if (!this.#isBlocked) res.once("drain", this.#onDrain);
    this.#isBlocked = true;
    return false;
  }

  end(lastChunk: Buffer | undefined): void {
    this.hasBegun = true;
    const exchange = this.#exchange;
    if (lastChunk !== undefined) exchange.bytesOut += lastChunk.length;
    exchange.await(this);
    if (isRequestLeft(exchange)) void endAfterRequest(exchange, lastChunk).then(this.#resolve);
    else if (lastChunk === undefined) exchange.res.end(this.#resolve);
    // Head and body as one string are one write; latin1 keeps every byte as it is.
    else if (lastChunk.length <= oneWriteBytes) exchange.res.end(lastChunk.toString("latin1"), "latin1", this.#resolve);
    else exchange.res.end(lastChunk, this.#resolve);
    if (exchange.res.writableLength > 0) exchange.readerWait.begin();
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false;
    this.#answer.resume();
  };

  fail(cause: unknown): void {
    this.hasBegun = true;
    this.#reject(cause);
  }

  /** The upstream has done its part: whatever runs out now, it is the client that was awaited. */
  cancel(reason: Error): void {
    this.#reject(reason instanceof TimerExpired ? new Failure("client_timeout", { cause: reason }) : reason);
  }
}
