import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { parse } from "yaml";

import type { Scenario } from "../scenario.ts";
import type { Order } from "./command-line.ts";
import type { Trial } from "./programme.ts";
import type { Block, DrivenRoute } from "./own-routes.ts";

import { sweep } from "../scenarios/sweep.ts";
import { statuswise } from "../stage/statuswise.ts";
import { UsageFault } from "./arguments.ts";
import { blockOf, drivenRoute, toldRoutes } from "./own-routes.ts";

const gateway = join(import.meta.dirname, "../../gateway/main.ts");
/** Keys that name files; all of them relative to the config, which is not where the gateway under test has its own. */
const fileKeys = new Set(["schema", "cert", "key", "ca", "clientCa"]);
/** What a patch takes out of the standing config, so that the operator's own stands alone. */
const nothingOfOurs = { name: null, listen: null, admin: null, log: null, upstreams: null, routes: null };

export interface OwnTrial {
  readonly trial: Trial;
  /** What the operator should know of it. */
  readonly remarks: readonly string[];
}

/** The operator's gateway, with simulated services in place of what stands behind it. Throws UsageFault. */
export function ownTrial(order: Order, file: string): OwnTrial {
  const config = blockOf(readYaml(file));
  refuseFaulty(file);
  const routes = (Array.isArray(config["routes"]) ? config["routes"] : []).map(blockOf);
  const names = Object.keys(blockOf(config["upstreams"]));
  if (routes.length === 0 || names.length === 0) throw new UsageFault(`'${file}' has no routes or no upstreams`);
  const body = order.bodyFile === undefined ? undefined : readText(order.bodyFile);
  const driven = drivenRoute(routes, { path: order.path, method: order.method, hasBody: body !== undefined });
  const subject = statuswise({ setting: file, config: simulated(config, { driven, base: dirname(resolve(file)) }) });
  const scenario = {
    ...sweepOf(order, driven, body),
    config: nothingOfOurs,
    services: servicesOf(order, names.length),
  };
  return { trial: { scenario, subject, isReference: false }, remarks: remarksOn(config, { driven, routes }) };
}

/** The findings are about the operator's own file, not about what it is changed into. */
function refuseFaulty(file: string): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gateway, "check", "--config", file], {
    encoding: "utf8",
  });
  if (status !== 0)
    throw new UsageFault(`'${file}' is no config to start a gateway with\n\n${stdout}${stderr}`.trimEnd());
}

function servicesOf({ slots, meanMs }: Order, count: number): Scenario["services"] {
  return Array.from({ length: count }, () => ({ slots, meanMs }));
}

/** Scenario 1 on another route: its loads, and its thresholds. */
function sweepOf({ seconds, meanMs }: Order, { method, path, host }: DrivenRoute, body: string | undefined): Scenario {
  const fields: [string, string][] = host === undefined ? [] : [["Host", host]];
  if (body !== undefined) fields.push(["Content-Type", "application/json"]);
  return {
    ...sweep,
    number: 0,
    name: "own-config",
    question: `Does the goodput of ${method} ${path} stay flat under this config, up to five times what the service can serve?`,
    // Clients who give up before the service could answer would tell of nothing but their haste.
    classes: [
      {
        name: "own",
        share: 1,
        method,
        path,
        fields,
        ...(body === undefined ? {} : { body }),
        deadlineMs: Math.max(1000, 10 * meanMs),
      },
    ],
    phases: (isQuick) =>
      sweep.phases(isQuick).map((phase, index) => (index === 0 ? phase : Object.assign({}, phase, { seconds }))),
  };
}

interface Place {
  readonly driven: DrivenRoute;
  /** The folder that relative paths start from. */
  readonly base: string;
}

/** The config with other targets, its ports free, and nothing in it that reaches beyond this machine. */
export function simulated(config: Block, { driven, base }: Place): Block {
  const { redis: _redis, ...rest } = withAbsoluteFiles(config, base);
  const { tls: _tls, ...listen } = blockOf(rest["listen"]);
  const upstreams = Object.entries(blockOf(rest["upstreams"]));
  // The driven one comes first: it is the one whose limit is drawn, and whose service is the measure.
  const ordered = upstreams.toSorted(([a], [b]) => Number(b === driven.upstream) - Number(a === driven.upstream));
  return {
    ...rest,
    listen: { ...listen, host: "127.0.0.1", port: 0 },
    admin: { ...blockOf(rest["admin"]), host: "127.0.0.1", port: 0 },
    upstreams: Object.fromEntries(
      ordered.map(([name, upstream], index) => {
        const { tls: _upstreamTls, health: _health, dns: _dns, ...kept } = blockOf(upstream);
        return [name, { ...kept, targets: [`\${UPSTREAM_${index + 1}}`] }];
      }),
    ),
    routes: (rest["routes"] as readonly Block[]).map(withoutStore),
  };
}

/** A quota that others share is counted here alone. */
function withoutStore(route: Block): Block {
  if (route["rateLimit"] === undefined) return route;
  const { shared: _shared, failMode: _failMode, ...rateLimit } = blockOf(route["rateLimit"]);
  return { ...route, rateLimit };
}

function withAbsoluteFiles(config: Block, base: string): Block {
  const absolute = (name: string): string => (name.startsWith("${") ? name : resolve(base, name));
  const walk = (value: unknown, key: string, parent: string): unknown => {
    if (typeof value === "string") {
      const isFile = fileKeys.has(key) || (parent === "fallback" && key === "body") || key === "schemas";
      return isFile ? absolute(value) : value;
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, key, parent));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name, key)]));
  };
  return walk(config, "", "") as Block;
}

function remarksOn(config: Block, { driven, routes }: { driven: DrivenRoute; routes: readonly Block[] }): string[] {
  const { id, method, path, upstream } = driven;
  const route = routes.find((one) => one["id"] === id);
  return [
    `asks ${method} ${path} (${id === undefined ? "no route of the config is known to fit" : `route ${id}, upstream ${upstream}`}). ${toldRoutes(routes)}`,
    ...(route?.["rateLimit"] === undefined ? [] : ["this route has a rateLimit, and all load comes from one address"]),
    ...(config["redis"] === undefined ? [] : ["redis is left out: quotas are counted by this gateway alone"]),
    ...(config["workers"] === undefined ? [] : ["with workers, memory and CPU are the primary's alone"]),
  ];
}

function readYaml(file: string): unknown {
  try {
    return parse(readText(file)) as unknown;
  } catch (error) {
    if (error instanceof UsageFault) throw error;
    throw new UsageFault(`'${file}' is neither YAML nor JSON`, { cause: error });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageFault(`'${file}' cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
