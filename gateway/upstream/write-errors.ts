import type { Socket } from "node:net";

type Callback = (error?: Error | null) => void;

/** A stream's own write methods, which node's streams call; typed by node for those who implement a stream. */
interface WritableInternals {
  _write: (this: void, chunk: unknown, encoding: BufferEncoding, callback: Callback) => void;
  _writev?:
    | ((this: void, chunks: Array<{ chunk: unknown; encoding: BufferEncoding }>, callback: Callback) => void)
    | null;
}

/**
 * Reports the first write error of a socket in place of having node destroy it. A peer that answers early and closes with
 * unread bytes makes the next write fail; node would destroy the socket before the answer, which has arrived, is read.
 * After the error nothing more is written; the read side ends by itself, with FIN or with an error.
 */
export function holdWriteErrors(socket: Socket, failed: (error: Error) => void): void {
  const stream = socket as unknown as WritableInternals;
  const write = Reflect.get(socket, "_write") as WritableInternals["_write"];
  const writev = Reflect.get(socket, "_writev") as WritableInternals["_writev"];
  let original: Callback | undefined;
  let held: Callback | undefined;
  // A stream passes the same callback each time: it is wrapped once.
  const wrap = (callback: Callback): Callback => {
    if (callback === original && held !== undefined) return held;
    original = callback;
    held = (error) => {
      if (error === null || error === undefined || socket.destroyed) callback(error);
      else failed(error);
    };
    return held;
  };
  stream._write = (chunk, encoding, callback) =>
    Reflect.apply(write, socket, [chunk, encoding, wrap(callback)]) as void;
  if (typeof writev !== "function") return;
  stream._writev = (chunks, callback) => Reflect.apply(writev, socket, [chunks, wrap(callback)]) as void;
}
