import type { Socket } from "node:net";

import type { ListenConfig } from "../config/schema.ts";

import { addressGroup } from "../address-group.ts";
import { plainAddress } from "./client-address.ts";

type Limits = Pick<ListenConfig, "maxConnections" | "maxConnectionsPerAddress">;

/**
 * The sockets of clients that stand, from accept on, those in a TLS handshake and in a tunnel included: at most
 * `maxConnections`, and of one address at most `maxConnectionsPerAddress`. For one more the connection that has been
 * idle for longest is closed; where none is idle, or its address has its share, the new one is closed before a byte of
 * it is read, since an answer would need what there is no room for.
 */
export class AcceptedSockets {
  readonly #sockets = new Set<Socket>();
  /** By address, where a share is configured; no entry without a socket. */
  readonly #byAddress = new Map<string, number>();
  readonly #closeLongestIdle: () => boolean;
  #limits: Limits;
  /** Under TLS those whose handshake is under way, by peer: only then their own socket is not the one that is read. */
  readonly #handshaking = new Map<string, Socket>();
  readonly #isSecure: boolean;
  dropped = 0;
  reclaimed = 0;

  /** @param closeLongestIdle closes an idle connection and answers whether there was one */
  constructor(limits: Limits, isSecure: boolean, closeLongestIdle: () => boolean) {
    this.#limits = limits;
    this.#isSecure = isSecure;
    this.#closeLongestIdle = closeLongestIdle;
  }

  get open(): number {
    return this.#sockets.size;
  }

  reconfigure(limits: Limits): void {
    this.#limits = limits;
  }

  accept(socket: Socket): void {
    const address = addressGroup(plainAddress(socket.remoteAddress ?? ""));
    if (!this.#hasRoom(address)) {
      this.dropped++;
      socket.on("error", ignore);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    const peer = this.#isSecure ? peerOf(socket) : "";
    if (this.#isSecure) this.#handshaking.set(peer, socket);
    socket.once("close", () => {
      this.#handshaking.delete(peer);
      this.#closed(socket, address);
    });
  }

  /** The TLS handshake of a connection is complete: `socket` is its TLS socket. */
  secured(socket: Socket): void {
    this.#handshaking.delete(peerOf(socket));
  }

  /** Destroys those that have not completed their TLS handshake. */
  closeHandshaking(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  /** Destroys all, also those that have left HTTP. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #hasRoom(address: string): boolean {
    const { maxConnections, maxConnectionsPerAddress = Infinity } = this.#limits;
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) return false;
    if (this.#sockets.size < maxConnections) return true;
    if (!this.#closeLongestIdle()) return false;
    this.reclaimed++;
    return true;
  }

  #closed(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}

function ignore(): void {}
