import assert from "node:assert/strict";

import type { RawClient } from "../../support/raw-client.ts";

import { valueOf } from "../../support/http-message.ts";
import { jsonBody, uploadBody } from "./requests.ts";

export interface NeighbourFigures {
  readonly served: number;
  readonly slowestMs: number;
}

/** How long a well-behaved client may wait for its answer while others misbehave. Milliseconds. */
const longestMs = 15_000;
const bodyBytes = 2000;

/**
 * A client that behaves well: one request after the other, on a connection of its own or on one that is kept. Each must
 * be answered 200, by the upstream, with its own answer.
 */
export class Neighbour {
  readonly #connect: () => Promise<RawClient>;
  readonly #name: string;
  #served = 0;
  #slowestMs = 0;
  #isStopped = false;

  constructor(name: string, connect: () => Promise<RawClient>) {
    this.#name = name;
    this.#connect = connect;
  }

  get figures(): NeighbourFigures {
    return { served: this.#served, slowestMs: Math.round(this.#slowestMs) };
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Until it is stopped. */
  async live(pauseMs: number): Promise<void> {
    while (!this.#isStopped) {
      using client = await this.#connect();
      const requests = this.#served % 3 === 0 ? 1 : 8;
      for (let n = 0; n < requests && !this.#isStopped; n += 1) {
        await this.#ask(client, n === requests - 1);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  async #ask(client: RawClient, isLast: boolean): Promise<void> {
    const id = `${this.#name}-${this.#served}`;
    const began = performance.now();
    client.send(requestOf(id, this.#served, isLast));
    const timer = Promise.withResolvers<never>();
    const timeout = setTimeout(() => timer.reject(new Error(`${id} has no answer in ${longestMs} ms`)), longestMs);
    const response = await Promise.race([client.response(), timer.promise]).finally(() => clearTimeout(timeout));
    assert.equal(response.status, 200, `${id}: ${response.body.toString()}`);
    assert.equal(valueOf(response.fields, "x-seen"), id);
    assert.equal(response.body.toString(), id);
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - began);
    this.#served += 1;
  }
}

/** In one packet each, so that nothing of it can be late. */
function requestOf(id: string, n: number, isLast: boolean): Buffer {
  const end = `Host: api.test\r\nX-Request-Id: ${id}\r\n${isLast ? "Connection: close\r\n" : ""}`;
  if (n % 4 < 2) return Buffer.from(`GET /g/well HTTP/1.1\r\n${end}\r\n`);
  const isChecked = n % 4 === 2;
  const body = isChecked ? jsonBody(id, bodyBytes) : uploadBody(id, bodyBytes);
  const type = isChecked ? "Content-Type: application/json\r\n" : "";
  const head = `POST ${isChecked ? "/gv/well" : "/g/well"} HTTP/1.1\r\n${end}${type}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
