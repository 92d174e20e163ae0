/**
 * Where a client connection is.
 *
 * - idle        no byte of a request is here
 * - head        a request head has begun to arrive
 * - body        a request is served, and its body has not been received whole
 * - responding  a request is served that has been received whole
 * - lingering   the last response is out and the write side closed; what still comes is read and dropped
 * - tunnel      the socket has been handed over
 * - closed      the socket has ended
 */
export type ConnectionState = "idle" | "head" | "body" | "responding" | "lingering" | "tunnel" | "closed";

/** Every transition that may happen; any other is a bug. Every state but `closed` may become `closed` at any time. */
const transitions: Readonly<Record<ConnectionState, ReadonlySet<ConnectionState>>> = {
  idle: new Set(["head", "closed"]),
  // Bytes that make no request are answered as one: `responding`. `idle`: there were only empty lines.
  head: new Set(["idle", "body", "responding", "closed"]),
  // `idle` and `lingering`: the response was out before the body had come.
  body: new Set(["responding", "idle", "lingering", "closed"]),
  responding: new Set(["idle", "lingering", "tunnel", "closed"]),
  lingering: new Set(["closed"]),
  tunnel: new Set(["closed"]),
  closed: new Set(),
};

/** @throws TypeError where that transition is a bug */
export function enter(from: ConnectionState, to: ConnectionState): ConnectionState {
  if (!transitions[from].has(to)) throw new TypeError(`a client connection cannot go from ${from} to ${to}`);
  return to;
}
