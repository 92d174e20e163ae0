import assert from "node:assert/strict";

import type { ClientRequest } from "../../gateway/client/request.ts";
import type { Deed, Message, Play, Step } from "./connection-script.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { scriptOf } from "./connection-script.ts";
import { ConnectionStand, turn } from "./connection-stand.ts";
import { ModelExchange } from "./model-exchange.ts";
import { checkOutput } from "./model-output.ts";

/** No wait is over as long as no more time passes than this. Milliseconds. */
const calmMs = 4000;

/** A client connection, the client and the gateway behind it, with all that must hold between them. */
export class ConnectionModel {
  readonly stand: ConnectionStand;
  readonly exchanges: ModelExchange[] = [];
  readonly #messages: readonly Message[];
  readonly #pieces: string[];
  #passedMs = 0;
  #hasSentFin = false;
  /** Something has happened that may end the connection before all is served. */
  #isDisturbed = false;

  constructor(play: Play) {
    const { halfClose, maxRequestsPerSocket } = play;
    const { messages, pieces } = scriptOf(play);
    this.stand = new ConnectionStand({ halfClose, maxRequestsPerSocket });
    this.#messages = messages;
    this.#pieces = pieces;
    this.stand.onRequest = (request, n) => this.#begun(request, n);
    this.stand.onCancel = (reason, n) => this.#cancelled(this.exchanges[n], reason);
  }

  async step({ does, size }: Step): Promise<void> {
    this.#act(does, size);
    await turn();
    this.check();
  }

  /** What must hold at every moment. */
  check(): void {
    const { stand, exchanges } = this;
    assert.deepEqual(stand.faults, [], "no fault of ours");
    for (const reason of stand.cancelled.flat()) {
      assert.ok(reason instanceof Failure && reason.code !== "internal", String(reason));
    }
    assert.ok(exchanges.filter(({ isOver }) => !isOver).length <= 1, "one request is served at a time");
    assert.ok(!stand.client.destroyed || this.#current === undefined, "who is served hears that the client is gone");
    for (const exchange of exchanges) exchange.check();
    const isLast = exchanges.some((one) => one.isOver && one.endsConnection && !one.isTakenOver);
    assert.ok(!isLast || stand.client.writableEnded || stand.client.destroyed, "the connection ends after its last");
  }

  /** Everything ends: the client sends the rest, takes all and leaves, the gateway answers, time passes. */
  async finish(): Promise<void> {
    const { stand } = this;
    stand.client.unblock();
    for (let quietTurns = 0; quietTurns < 3; quietTurns++) {
      const current = this.#current;
      const isOwed = current !== undefined && !current.response.isEnded;
      if (this.#canSend || isOwed) quietTurns = 0;
      if (this.#canSend) this.#send(1);
      else if (isOwed) current.answer(false);
      await turn();
      stand.client.unblock();
    }
    this.check();
    if (!this.#isDisturbed) this.#checkServed();
    this.#fin();
    await turn();
    while (this.#current !== undefined) {
      this.#answer(this.#current, true);
      await turn();
    }
    if (this.exchanges.at(-1)?.isTakenOver === true) stand.client.destroy();
    await stand.pass(200_000, 10_000);
    this.check();
    assert.equal(this.#current, undefined, "every exchange has ended");
    assert.equal(stand.connection.socket.destroyed, true);
    assert.deepEqual([stand.clock.pending, stand.buffers.usedBytes], [0, 0], "no timer and no byte is left");
    checkOutput(stand.client.output, this.exchanges);
  }

  /** Nothing but a response that said so has ended the connection: else all that was sent was served. */
  #checkServed(): void {
    const last = this.exchanges.at(-1);
    if (last === undefined || this.exchanges.length === this.#messages.length) return;
    assert.equal(last.endsConnection, true, `${this.exchanges.length} of ${this.#messages.length} were served`);
  }

  get #current(): ModelExchange | undefined {
    return this.exchanges.find(({ isOver }) => !isOver);
  }

  get #canSend(): boolean {
    return this.#pieces.length > 0 && !this.#hasSentFin && !this.stand.client.destroyed;
  }

  #act(does: Deed, size: number): void {
    const { client, clock, waits } = this.stand;
    switch (does) {
      case "send":
        return this.#send(1 + (size % 4));
      case "fin":
        return this.#fin();
      case "reset":
        this.#isDisturbed = true;
        return client.reset();
      case "block":
        return client.block();
      case "unblock":
        return client.unblock();
      case "takeOne":
        return client.takeOne();
      case "pass":
        this.#passedMs += size;
        this.#isDisturbed ||= this.#passedMs > calmMs;
        return clock.advance(size);
      case "closeIdle":
        this.#isDisturbed = true;
        waits.closeIdle();
        return assert.ok(this.#current === undefined || !client.destroyed, "who is served stays");
      default:
        return this.#serve(does, size);
    }
  }

  #send(count: number): void {
    for (let n = 0; n < count && this.#canSend; n++) this.stand.client.arrive(this.#pieces.shift() ?? "");
  }

  #fin(): void {
    this.#isDisturbed = true;
    if (this.#hasSentFin || this.stand.client.destroyed) return;
    this.#hasSentFin = true;
    this.stand.client.fin();
  }

  #begun(request: ClientRequest, n: number): void {
    const before = this.exchanges.at(-1);
    assert.equal(this.#current, undefined, "no request exists before its turn");
    assert.ok(before === undefined || !before.endsConnection, "the one before was the last");
    assert.equal(this.stand.connection.socket.destroyed, false);
    const message = this.#messages[n] as Message;
    this.exchanges.push(new ModelExchange(request, message, n));
    if (request.failure !== undefined) return;
    assert.ok(message.isBroken !== true);
    assert.equal(request.head.target, `/${n}`, "requests come in the order in which they were sent");
  }

  /** As gateway.ts: what can still be answered is, the rest is broken off. */
  #cancelled(exchange: ModelExchange | undefined, reason: Error): void {
    this.#isDisturbed = true;
    if (exchange === undefined || exchange.isOver) return;
    exchange.act("stop", 0);
    const isAnswered = reason instanceof Failure && reason.code !== "client_closed" && !exchange.response.isBegun;
    if (isAnswered) exchange.answer(true);
    else exchange.abort();
  }

  #serve(does: Deed, size: number): void {
    const exchange = this.#current;
    if (exchange === undefined || exchange.isTakenOver) return;
    const isDisturbing = does === "abort" || does === "leave" || does === "takeOver";
    this.#isDisturbed ||= isDisturbing;
    // Once it is ended gateway.ts only waits for it, or breaks it off.
    if (exchange.response.isEnded && !isDisturbing) return;
    if (does === "takeOver") exchange.takeOver(() => this.stand.cancelled[exchange.n]?.length === 0);
    else exchange.act(does, size);
  }

  #answer(exchange: ModelExchange, isLast: boolean): void {
    if (!exchange.response.isEnded) exchange.answer(isLast);
  }
}
