import type { IncomingMessage } from "node:http";

import type { LogLevelControl } from "./log-level.ts";
import type { Reply } from "./reply.ts";

import { Failure } from "../failures/failure.ts";
import { failureTable } from "../failures/table.ts";
import { getLogLevel, putLogLevel } from "./log-level.ts";
import { jsonReply, textReply } from "./reply.ts";

/** What the admin port shows, asked for at each request. */
export interface AdminSources<L extends string = string> {
  /** What is not ready, in words; empty when requests may come. */
  readonly readiness: () => readonly string[];
  /** Everything in Prometheus text format 0.0.4. */
  readonly metrics: () => Promise<string>;
  /** The state of routes, upstreams and config, as plain data without secrets, or a promise of it. */
  readonly status: () => unknown;
  readonly logLevel: LogLevelControl<L>;
}

type Endpoint = (req: IncomingMessage) => Reply | Promise<Reply>;
type Endpoints = ReadonlyMap<string, ReadonlyMap<string, Endpoint>>;

/** The endpoints by path and method. */
export function endpointsOf<L extends string>(sources: AdminSources<L>): Endpoints {
  const { logLevel } = sources;
  return new Map([
    ["/livez", reading(() => textReply("ok\n"))],
    ["/readyz", reading(() => readiness(sources.readiness()))],
    ["/metrics", reading(async () => prometheus(await sources.metrics()))],
    ["/status", reading(async () => jsonReply(await sources.status()))],
    ["/log-level", reading(() => getLogLevel(logLevel)).set("PUT", (req) => putLogLevel(req, logLevel))],
  ]);
}

/**
 * The endpoint a request means.
 *
 * Failures: no_route, method_not_allowed.
 */
export function findEndpoint(endpoints: Endpoints, req: IncomingMessage): Endpoint {
  const [path = ""] = (req.url ?? "").split("?", 1);
  const methods = endpoints.get(path);
  if (methods === undefined) throw new Failure("no_route");
  const endpoint = methods.get(req.method ?? "");
  if (endpoint !== undefined) return endpoint;
  throw new Failure("method_not_allowed", { headers: [["Allow", [...methods.keys()].join(", ")]] });
}

function reading(endpoint: Endpoint): Map<string, Endpoint> {
  return new Map([
    ["GET", endpoint],
    ["HEAD", endpoint],
  ]);
}

function readiness(notReady: readonly string[]): Reply {
  const isReady = notReady.length === 0;
  const reply = jsonReply({ ready: isReady, notReady }, isReady ? 200 : notReadyStatus);
  return isReady ? reply : { ...reply, headers: [["Retry-After", "1"]] };
}

// Whatever is not ready, load balancers read it as draining: the upstreams are not asked, come again.
const notReadyStatus = failureTable.draining.status ?? 0;

function prometheus(body: string): Reply {
  return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body };
}
