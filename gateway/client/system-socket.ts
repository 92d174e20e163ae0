import type { Socket } from "node:net";

import type { OnRead } from "../http1/read-buffer.ts";

/** What node keeps of the system's socket, and neither documents nor types. Absent on other streams. */
interface SystemHandle {
  readonly bytesWritten?: number;
  /** Bytes handed to the event loop that the system has not taken. */
  readonly writeQueueSize?: number;
  reading?: boolean;
  readStop?(): void;
  useUserBuffer?(buffer: Uint8Array): void;
}

function handleOf(socket: Socket): SystemHandle | undefined {
  return (socket as Socket & { readonly _handle?: SystemHandle | null })._handle ?? undefined;
}

/**
 * Bytes of this socket that the system has taken so far, also of a write that it has taken in part: a stream tells of
 * whole writes alone.
 */
export function takenBytes(socket: Socket): number {
  const { bytesWritten, writeQueueSize } = handleOf(socket) ?? {};
  if (bytesWritten === undefined || writeQueueSize === undefined) return socket.bytesWritten - socket.writableLength;
  return bytesWritten - writeQueueSize;
}

/**
 * Pauses a socket at once. `pause` alone lets the event loop read on as long as there is something to read in this turn:
 * 64 KiB and more beyond what is wanted. `resume` goes on.
 */
export function pauseNow(socket: Socket): void {
  socket.pause();
  const handle = handleOf(socket);
  if (handle?.readStop === undefined) return;
  handle.reading = false;
  handle.readStop();
}

/**
 * Ends a connection by a reset; under TLS without the closing alert, which tells the same (RFC 8446 §6.1). Node cannot
 * reset a socket whose FIN is on its way: it would report no end and keep the descriptor.
 */
export function reset(socket: Socket): void {
  if ("encrypted" in socket || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Where node keeps `onread` of a socket; its server passes none to the sockets that it accepts. */
interface OnReadKeys {
  readonly buffer: symbol;
  readonly next: symbol;
  readonly read: symbol;
}

let onReadKeys: OnReadKeys | undefined;

/**
 * Has an accepted socket read into buffers that are given, as `onread` does for one that is opened. False where this node
 * knows no way: then it is read as a stream.
 */
export function readInto(socket: Socket, { buffer, callback }: OnRead): boolean {
  const handle = handleOf(socket);
  if ("encrypted" in socket || handle?.useUserBuffer === undefined) return false;
  onReadKeys ??= findKeys(socket);
  if (onReadKeys === undefined) return false;
  const first = buffer();
  Object.assign(socket, { [onReadKeys.buffer]: first, [onReadKeys.next]: buffer, [onReadKeys.read]: callback });
  handle.useUserBuffer(first);
  return true;
}

function findKeys(socket: Socket): OnReadKeys | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const [buffer, next, read] = ["kBuffer", "kBufferGen", "kBufferCb"].map((name) =>
    symbols.find((symbol) => symbol.description === name),
  );
  return buffer === undefined || next === undefined || read === undefined ? undefined : { buffer, next, read };
}
