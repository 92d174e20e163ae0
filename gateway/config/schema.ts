/**
 * The operator's contract: every key of the file with its syntax, unit, default, bounds and prose, once. The types
 * of the resolved configuration, the loader, the editor's schema and docs/configuration.md all come from here.
 *
 * Resolved, durations are milliseconds, sizes bytes, rates fractions of 1, files absolute paths; a key that is off
 * is undefined; everything is deeply frozen.
 */
import type { Static } from "typebox";

import { block, derived, integer, list, off, record, text } from "./schema/field.ts";
import { adminSchema, listenSchema, logSchema, problemsSchema, surroundingsSchema } from "./schema/listen.ts";
import { redisSchema } from "./schema/redis.ts";
import { routeSchema } from "./schema/route.ts";
import { sheddingSchema } from "./schema/shedding.ts";
import { upstreamSchema } from "./schema/upstream.ts";

export const configSchema = block("The configuration of a statuswise gateway.", {
  name: derived(
    text("pseudonym", "The gateway's name in Proxy-Status and Via: a deployment's, unique in a chain of gateways."),
    "the host's name",
  ),
  workers: integer(
    "Processes that serve, or `auto`: as many as there are processors. The limits are divided among them.",
    {
      default: 1,
      min: 1,
      max: 256,
      words: ["auto"],
    },
  ),
  listen: listenSchema,
  admin: adminSchema,
  log: logSchema,
  shedding: sheddingSchema,
  problems: off(problemsSchema),
  surroundings: off(surroundingsSchema),
  redis: off(redisSchema),
  schemas: list(text("schema-file", "A JSON Schema."), "Files registered by their `$id`, for `$ref` across files.", {
    default: [],
  }),
  upstreams: record(upstreamSchema, "The services behind the gateway, by name.", { names: "name", minProperties: 1 }),
  routes: list(
    routeSchema,
    "What is served. Host before none, exact before {param} before prefix, longer prefix first.",
    {
      minItems: 1,
      maxItems: 10_000,
    },
  ),
});

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

export type Config = Frozen<Static<typeof configSchema>>;
export type ListenConfig = Config["listen"];
export type DrainConfig = ListenConfig["drain"];
export type ServerTlsConfig = NonNullable<ListenConfig["tls"]>;
export type AdminConfig = Config["admin"];
export type LogConfig = Config["log"];
export type SheddingConfig = Config["shedding"];
export type ProblemsConfig = NonNullable<Config["problems"]>;
export type SurroundingsConfig = NonNullable<Config["surroundings"]>;
export type QuotaStoreConfig = NonNullable<Config["redis"]>;
export type UpstreamConfig = Config["upstreams"][string];
export type TargetConfig = UpstreamConfig["targets"][number];
export type TimeoutsConfig = UpstreamConfig["timeouts"];
export type ConcurrencyConfig = UpstreamConfig["concurrency"];
export type WebSocketsConfig = UpstreamConfig["websockets"];
export type BreakerConfig = UpstreamConfig["breaker"];
export type HealthConfig = NonNullable<UpstreamConfig["health"]>;
export type UpstreamTlsConfig = NonNullable<UpstreamConfig["tls"]>;
export type RouteConfig = Config["routes"][number];
export type RequestConfig = RouteConfig["request"];
export type BodyConfig = RequestConfig["body"];
export type ResponseConfig = NonNullable<RouteConfig["response"]>;
export type RetryConfig = NonNullable<RouteConfig["retry"]>;
export type RateLimitConfig = NonNullable<RouteConfig["rateLimit"]>;
export type HeaderRulesConfig = RouteConfig["headers"]["request"];
export type MaintenanceConfig = NonNullable<RouteConfig["maintenance"]>;
export type UpstreamErrorsConfig = RouteConfig["upstreamErrors"];
