import type { IncomingMessage, ServerResponse } from "node:http";

import { Failure } from "../failures/failure.ts";

/** What an endpoint answers. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: ReadonlyArray<readonly [string, string]>;
}

export function textReply(body: string): Reply {
  return { status: 200, type: "text/plain; charset=utf-8", body };
}

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** A problem body (RFC 9457) of the failure map's row. What is no Failure is a bug, and says nothing of itself. */
export function problemReply(thrown: unknown): Reply {
  const failure = thrown instanceof Failure ? thrown : new Failure("internal", { cause: thrown });
  const { row, options } = failure;
  const status = failure.status ?? row.status;
  if (status === null) return problemReply(new Failure("internal", { cause: failure }));
  const problem = {
    type: "about:blank",
    title: row.title,
    status,
    detail: options.detail ?? row.detail,
    code: failure.code,
    ...(options.errors === undefined ? undefined : { errors: options.errors }),
  };
  return { ...jsonReply(problem, status), type: "application/problem+json", headers: options.headers ?? [] };
}

/**
 * Sends a reply and ends the connection with it: probes and scrapes are rare, and a connection that is never kept
 * cannot be in the way when the process ends.
 */
export function send(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  res.writeHead(reply.status, [
    ...(reply.headers ?? []).flat(),
    "Content-Type",
    reply.type,
    "Content-Length",
    String(body.length),
    "Cache-Control",
    "no-store",
    "X-Content-Type-Options",
    "nosniff",
    "Connection",
    "close",
  ]);
  res.end(req.method === "HEAD" ? undefined : body);
}
