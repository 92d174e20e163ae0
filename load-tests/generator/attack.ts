import type { Socket } from "node:net";

import { connect } from "node:net";

import type { Address } from "./connection.ts";
import type { AttackersResult } from "./load-result.ts";
import type { Attackers } from "./plan.ts";
import type { Timed } from "./timer-wheel.ts";

import { latencyHistogram, latencyOf, record } from "./latency.ts";
import { TimerWheel } from "./timer-wheel.ts";

interface Attacker extends Timed<Attacker> {
  readonly address: Address;
  socket: Socket | undefined;
  connectedAtMs: number;
  isClosed: boolean;
}

/** They come a few at a time: all at once, their connecting would hold up the load itself. */
const usuallyComingPerSecond = 5000;
/** They act twice a second, or at every byte where that is rarer. */
const actsPerSecond = 2;
const bodyBytes = 1024 * 1024;

/** One group of slow clients. Closed ones do not come back. */
export class Attack {
  readonly #plan: Attackers;
  readonly #clock: () => number;
  readonly #wheel = new TimerWheel<Attacker>((attacker, nowMs) => this.#act(attacker, nowMs));
  readonly #attackers: readonly Attacker[];
  readonly #opening: Buffer;
  readonly #bytesPerAct: number;
  readonly #trickle: Buffer;
  readonly #closedAfter = latencyHistogram();
  #isOver = false;

  constructor(plan: Attackers, addresses: readonly [Address, ...Address[]], clock: () => number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#bytesPerAct = Math.max(1, Math.round(plan.bytesPerSecond / actsPerSecond));
    this.#trickle = Buffer.alloc(this.#bytesPerAct, "a");
    this.#opening = openingOf(plan, addresses[0].host);
    this.#attackers = Array.from({ length: plan.connections }, (_, index) => newAttacker(addressAt(addresses, index)));
  }

  /** With the start of its phase. */
  begin(phase: string, nowMs: number): void {
    if (phase !== this.#plan.phase) return;
    const { comingPerSecond = usuallyComingPerSecond } = this.#plan;
    for (const [index, attacker] of this.#attackers.entries()) {
      this.#wheel.schedule(attacker, nowMs + (index * 1000) / comingPerSecond);
    }
  }

  advance(nowMs: number): void {
    this.#wheel.advance(nowMs);
  }

  /** Ends the attack; who is closed from now on was not closed by the other side. */
  close(): void {
    this.#isOver = true;
    for (const { socket } of this.#attackers) socket?.destroy();
  }

  result(): AttackersResult {
    const { kind, connections } = this.#plan;
    const closed = this.#attackers.filter(({ isClosed }) => isClosed).length;
    return { kind, connections, closed, closedAfterMs: latencyOf(this.#closedAfter) };
  }

  #act(attacker: Attacker, nowMs: number): void {
    if (attacker.isClosed) return;
    if (attacker.socket === undefined) this.#come(attacker, nowMs);
    else if (this.#plan.kind === "slow-reader") attacker.socket.resume();
    else attacker.socket.write(this.#trickle);
    this.#wheel.schedule(attacker, nowMs + (this.#bytesPerAct * 1000) / this.#plan.bytesPerSecond);
  }

  #come(attacker: Attacker, nowMs: number): void {
    const readsOn = this.#plan.kind !== "slow-reader";
    // A slow reader reads no more at a time than its share: the callback's false pauses the socket.
    const buffer = Buffer.alloc(readsOn ? 1024 : this.#bytesPerAct);
    const socket = connect({ ...attacker.address, noDelay: true, onread: { buffer, callback: () => readsOn } });
    attacker.socket = socket;
    attacker.connectedAtMs = nowMs;
    socket.on("error", () => undefined);
    socket.on("close", () => this.#note(attacker));
    socket.write(this.#opening);
  }

  #note(attacker: Attacker): void {
    if (this.#isOver) return;
    attacker.isClosed = true;
    record(this.#closedAfter, this.#clock() - attacker.connectedAtMs);
  }
}

function newAttacker(address: Address): Attacker {
  const links = { dueAtMs: 0, slot: -1, before: undefined, after: undefined };
  return { address, socket: undefined, connectedAtMs: 0, isClosed: false, ...links };
}

function addressAt(addresses: readonly [Address, ...Address[]], index: number): Address {
  return addresses[index % addresses.length] ?? addresses[0];
}

/** What is sent at once. The trickle follows: into a field that never ends, or into a string of a JSON body. */
function openingOf({ kind, path }: Attackers, host: string): Buffer {
  switch (kind) {
    case "slow-headers":
      return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `);
    case "slow-body":
      return Buffer.from(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n{"slow":"`,
      );
    case "slow-reader":
      return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  }
}
