import type { Socket } from "node:net";

/**
 * Goes away with RST. While a FIN is on its way libuv refuses that (EINVAL), and Node (26.10) then keeps the descriptor
 * for good: such a socket is closed as it is.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
