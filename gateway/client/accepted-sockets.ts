import type { Socket } from "node:net";

import type { ListenConfig } from "../config/schema.ts";

import { addressGroup } from "../exchange/address-group.ts";
import { plainAddress } from "./client-address.ts";

type Limits = Pick<ListenConfig, "maxConnections" | "maxConnectionsPerAddress">;

/** A connection, as far as it can be told that the process ends. */
interface ServedConnection {
  /** Ends what is under way on it. */
  cancel(reason: Error): void;
}

/**
 * The sockets of clients that stand, from accept on, those in a TLS handshake and in a tunnel included: at most
 * `maxConnections`, and of one address at most `maxConnectionsPerAddress`. For one more the connection that has been
 * idle for longest is closed; where none is idle, or its address has its share, the new one is closed before a byte of
 * it is read, since an answer would need what there is no room for.
 */
export class AcceptedSockets {
  readonly #sockets = new Map<Socket, ServedConnection | undefined>();
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
    this.#sockets.set(socket, undefined);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    const peer = this.#isSecure ? peerOf(socket) : "";
    if (this.#isSecure) this.#handshaking.set(peer, socket);
    socket.once("close", () => {
      this.#handshaking.delete(peer);
      this.#closed(socket, address);
    });
  }

  /** A connection is served on `socket`; under TLS this is the TLS socket, and its handshake is complete. */
  served(socket: Socket, connection: ServedConnection): void {
    const peer = peerOf(socket);
    const accepted = this.#isSecure ? this.#handshaking.get(peer) : socket;
    this.#handshaking.delete(peer);
    if (accepted !== undefined) this.#sockets.set(accepted, connection);
  }

  /** Destroys those that have not completed their TLS handshake. */
  closeHandshaking(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  /** Ends what is under way on all, also on those that have left HTTP. */
  cancel(reason: Error): void {
    for (const connection of this.#sockets.values()) connection?.cancel(reason);
  }

  /** Destroys all, whatever is under way. */
  destroy(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
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
