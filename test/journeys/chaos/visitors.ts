import type { RawClient, RequestParts } from "../../support/raw-client.ts";
import type { ReceivedResponse } from "../../support/http-message.ts";
import type { Ledger } from "./ledger.ts";

import { EndOfBytes } from "../../support/byte-reader.ts";
import { valuesOf } from "../../support/http-message.ts";
import { connectClient, requestBytes } from "../../support/raw-client.ts";

/** Longer than any route's budget: who waits longer waits in vain. Milliseconds. */
const patienceMs = 40_000;
const maxIdle = 64;

/** The connections of ordinary clients, kept from request to request, and what their requests have in common. */
export class Visitors implements Disposable {
  readonly ledger: Ledger;
  readonly #port: number;
  readonly #idle: RawClient[] = [];

  constructor(port: number, ledger: Ledger) {
    this.#port = port;
    this.ledger = ledger;
  }

  /** A connection of one's own. */
  async connect(): Promise<RawClient> {
    return connectClient(this.#port);
  }

  /** One request on a kept connection, whose answer is awaited. */
  async ask(parts: RequestParts): Promise<void> {
    const client = this.#idle.pop() ?? (await this.connect());
    const [id, bytes] = this.request(parts);
    client.send(bytes);
    const isReusable = await this.awaitAnswer(client, id, parts.method);
    if (isReusable && this.#idle.length < maxIdle) this.#idle.push(client);
    else client[Symbol.dispose]();
  }

  /** A request's id and bytes. */
  request(parts: RequestParts): [id: string, bytes: Buffer] {
    const id = this.ledger.issue();
    return [id, requestBytes({ ...parts, fields: [["X-Request-Id", id], ...(parts.fields ?? [])] })];
  }

  /**
   * Enters what comes of a request in the ledger; bytes that made no request have the id that the gateway gives them.
   * Whether the connection can carry another one.
   */
  async awaitAnswer(client: RawClient, id?: string, method?: string): Promise<boolean> {
    try {
      const response = await within(client.response(method), id ?? "no request");
      this.ledger.answered(response, id);
      return response.isComplete && !valuesOf(response.fields, "connection").includes("close");
    } catch (error) {
      if (!(error instanceof EndOfBytes)) throw error;
      if (id === undefined) this.ledger.fault("what is no request had no answer");
      else this.ledger.cutOff(id);
      return false;
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.#idle) client[Symbol.dispose]();
  }
}

async function within(response: Promise<ReceivedResponse>, label: string): Promise<ReceivedResponse> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${label}: no answer within ${patienceMs} ms`)), patienceMs);
  try {
    return await Promise.race([response, promise]);
  } finally {
    clearTimeout(timer);
  }
}
