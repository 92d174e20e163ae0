import type { Socket } from "node:net";

/** What node keeps of the system's socket, and neither documents nor types. Absent on other streams. */
interface SystemHandle {
  readonly bytesWritten?: number;
  /** Bytes handed to the event loop that the system has not taken. */
  readonly writeQueueSize?: number;
  reading?: boolean;
  readStop?(): void;
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
