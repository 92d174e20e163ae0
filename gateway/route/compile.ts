import { METHODS } from "node:http";

import type { RouteConfig } from "../config/schema.ts";
import type { EncodedSlash } from "./canonical.ts";
import type { PathPattern } from "./pattern.ts";
import type { TreeEntry } from "./tree.ts";

import { parsePattern } from "./pattern.ts";
import { patternKey, Tree } from "./tree.ts";

/** What the router asks of a route. */
export interface Routable {
  readonly id: string;
  readonly config: Pick<RouteConfig, "path"> & {
    readonly [K in "hosts" | "methods" | "encodedSlash"]?: RouteConfig[K];
  };
}

/** Routes of one host pattern, as trees in the order of precedence: whole paths, then prefixes, longest first. */
export interface HostGroup<T> {
  readonly trees: ReadonlyArray<Tree<T>>;
}

/** Routes compiled for lookup. Built once for each configuration; `T` is what a match answers with. */
export interface Router<T> {
  /** By exact host, and by `*.` and domain. */
  readonly hosts: ReadonlyMap<string, HostGroup<T>>;
  readonly hasWildcards: boolean;
  readonly anyHost: HostGroup<T> | undefined;
  /** Every method that some route serves, in Allow's order. */
  readonly methods: readonly string[];
  /** Whether any route has `encodedSlash: allow`: without one, such a path is refused unread. */
  readonly encodedSlash: EncodedSlash;
}

/**
 * Compiles the routes. Precedence among those that match: host before none, and of hosts the exact one before
 * `*.domain`, the longer domain first; then a whole path before a prefix, the prefix of more segments first; then
 * literal before parameter from left to right. At the same path a route that names the method comes before one that
 * serves HEAD by its GET, and that before one that names none.
 *
 * @throws Error where two routes are equal in all of it: the configuration should have been refused
 */
export function compileRouter<T extends Routable>(routes: readonly T[]): Router<T> {
  const byHost = new Map<string, T[]>();
  for (const route of routes) {
    for (const host of route.config.hosts ?? [anyHost]) {
      const key = host.toLowerCase().replace(/\.$/, "");
      const members = byHost.get(key);
      if (members === undefined) byHost.set(key, [route]);
      else members.push(route);
    }
  }
  const hosts = new Map<string, HostGroup<T>>();
  for (const [host, members] of byHost) hosts.set(host, compileGroup(members));
  const group = hosts.get(anyHost);
  hosts.delete(anyHost);
  const served = new Set(routes.flatMap((route) => methodsOf(route).map(({ method }) => method)));
  return {
    hosts,
    hasWildcards: [...hosts.keys()].some((host) => host.startsWith("*.")),
    anyHost: group,
    methods: routableMethods.filter((method) => served.has(method)),
    encodedSlash: routes.some((route) => route.config.encodedSlash === "allow") ? "allow" : "refuse",
  };
}

function compileGroup<T extends Routable>(routes: readonly T[]): HostGroup<T> {
  const tiers = new Map<number, Map<string, Claim<T>>>();
  for (const route of routes) {
    const pattern = parsePattern(route.config.path);
    const rank = pattern.kind === "path" ? Infinity : pattern.segments.length;
    const tier = tiers.get(rank) ?? new Map<string, Claim<T>>();
    tiers.set(rank, tier);
    for (const { method, weight } of methodsOf(route)) stake(tier, { method, weight, pattern, route });
  }
  const ordered = [...tiers].toSorted(([a], [b]) => b - a);
  return { trees: ordered.map(([, tier]) => new Tree([...tier.values()].map(entryOf))) };
}

/** A route's claim on one method at one path; the heavier claim holds. */
interface Claim<T> {
  readonly method: string;
  readonly weight: number;
  readonly pattern: PathPattern;
  readonly route: T;
}

function stake<T extends Routable>(tier: Map<string, Claim<T>>, claim: Claim<T>): void {
  const key = `${claim.method} ${patternKey(claim.pattern)}`;
  const held = tier.get(key);
  if (held === undefined || held.weight < claim.weight) {
    tier.set(key, claim);
  } else if (held.weight === claim.weight && held.route !== claim.route) {
    throw new Error(`Routes ${held.route.id} and ${claim.route.id} both serve ${key}.`);
  }
}

function methodsOf(route: Routable): Array<{ method: string; weight: number }> {
  const named = route.config.methods;
  if (named === undefined) return routableMethods.map((method) => ({ method, weight: 1 }));
  const methods = routableMethods.filter((method) => named.includes(method)).map((method) => ({ method, weight: 3 }));
  const servesHead = named.includes("GET") && !named.includes("HEAD");
  return servesHead ? [...methods, { method: "HEAD", weight: 2 }] : methods;
}

function entryOf<T>({ method, pattern, route }: Claim<T>): TreeEntry<T> {
  const names = pattern.segments.flatMap((segment) => ("parameter" in segment ? [segment.parameter] : []));
  return { method, pattern, value: route, names };
}

const anyHost = "";

const common = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Never forwarded: TRACE echoes credentials to whoever asks (RFC 9110 §9.3.8), CONNECT opens tunnels (§9.3.6), SOURCE is
 * no method of HTTP's.
 */
const refused = new Set(["CONNECT", "TRACE", "SOURCE"]);

/** What a route without `methods` serves, and the order in which Allow names them: the common ones first. */
const routableMethods: readonly string[] = [
  ...common,
  ...METHODS.filter((method) => !common.includes(method) && !refused.has(method)).toSorted(),
];
