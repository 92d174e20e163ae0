import type { LoadPlan, RequestClass } from "./plan.ts";

/** A class of requests, worked out as far as it can be before the load begins. */
export interface ClientClass {
  readonly name: string;
  /** Among the classes of the plan. */
  readonly place: number;
  /** The shares of this class and of those before it, of 1 in all. */
  readonly shareUpTo: number;
  /** One for each port of the plan, byte for byte. */
  readonly requests: readonly Buffer[];
  readonly isHead: boolean;
  readonly deadlineMs: number;
  readonly leaveShare: number;
  readonly leaveAfterMs: number;
  readonly retry: RequestClass["retry"];
}

export function compileClasses({ classes, ports, host = "127.0.0.1" }: LoadPlan): readonly ClientClass[] {
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  let shares = 0;
  return classes.map((one, place) => ({
    name: one.name,
    place,
    shareUpTo: (shares += one.share) / total,
    requests: ports.map((port) => requestBytes(one, `${host}:${port}`)),
    isHead: one.method === "HEAD",
    deadlineMs: one.deadlineMs,
    leaveShare: one.leaves?.share ?? 0,
    leaveAfterMs: one.leaves?.afterMs ?? Infinity,
    retry: one.retry,
  }));
}

/** Draws a class by the shares; `random` is 0 ≤ x < 1. */
export function drawClass(classes: readonly ClientClass[], random: number): ClientClass | undefined {
  for (const one of classes) if (random < one.shareUpTo) return one;
  return classes.at(-1);
}

function requestBytes({ method = "GET", path, fields = [], body }: RequestClass, host: string): Buffer {
  const names = new Set(fields.map(([name]) => name.toLowerCase()));
  const lines = [`${method} ${path} HTTP/1.1`];
  if (!names.has("host")) lines.push(`Host: ${host}`);
  lines.push(...fields.map(([name, value]) => `${name}: ${value}`));
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
}
