import type { HostGroup, Routable, Router } from "./compile.ts";
import type { Found } from "./tree.ts";

import { Failure } from "../failures/failure.ts";
import { canonicalPath, hasEncodedSlash } from "./canonical.ts";
import { parametersOf, treePath } from "./tree.ts";

/** What of a request decides its route. */
export interface RequestLine {
  readonly method: string;
  /** Lower-case, without port or trailing dot; empty for none. */
  readonly host: string;
  /** The path as received, without query. */
  readonly path: string;
}

export interface Match<T> {
  readonly route: T;
  /** Values of the `{parameters}`, decoded once. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request.
 *
 * @throws Failure malformed_request for a path that could be read in two ways; no_route; method_not_allowed with
 *   Allow where the path is served, but not with this method
 */
export function match<T extends Routable>(router: Router<T>, request: RequestLine): Match<T> {
  const canonical = canonicalPath(request.path, router.encodedSlash);
  const path = treePath(canonical);
  const found = find(router, request.host, { method: request.method, path });
  if (router.encodedSlash === "allow" && found?.leaf.value.config.encodedSlash !== "allow")
    refuseEncodedSlash(canonical);
  if (found !== undefined) return { route: found.leaf.value, parameters: parametersOf(found) };
  const allowed = methodsAt(router, request.host, path);
  throw new Failure("method_not_allowed", { headers: [["Allow", allowed.join(", ")]] });
}

/**
 * The methods that a request's target is served with, for Allow; of `*`, those that any is.
 *
 * @throws Failure malformed_request, no_route
 */
export function allowedMethods<T extends Routable>(router: Router<T>, { host, path }: RequestLine): readonly string[] {
  if (path === "*") return router.methods;
  return methodsAt(router, host, treePath(canonicalPath(path, router.encodedSlash)));
}

function methodsAt<T>(router: Router<T>, host: string, path: string): readonly string[] {
  const allowed = router.methods.filter((method) => find(router, host, { method, path }) !== undefined);
  if (allowed.length === 0) throw new Failure("no_route");
  return allowed;
}

function refuseEncodedSlash(path: string): void {
  if (!hasEncodedSlash(path)) return;
  throw new Failure("malformed_request", { detail: "The request path holds an escaped slash." });
}

interface Lookup {
  readonly method: string;
  readonly path: string;
}

function find<T>(router: Router<T>, host: string, lookup: Lookup): Found<T> | undefined {
  const exact = router.hosts.get(host);
  const found = exact && findInGroup(exact, lookup);
  if (found !== undefined) return found;
  if (router.hasWildcards) {
    const covered = findByDomain(router, host, lookup);
    if (covered !== undefined) return covered;
  }
  return router.anyHost && findInGroup(router.anyHost, lookup);
}

/** Of the `*.domain` patterns the longest first: `*.eu.example.com` before `*.example.com`. */
function findByDomain<T>(router: Router<T>, host: string, lookup: Lookup): Found<T> | undefined {
  for (let i = host.indexOf("."); i !== -1; i = host.indexOf(".", i + 1)) {
    // At least one whole label stands for the star.
    const group = i === 0 ? undefined : router.hosts.get(`*${host.slice(i)}`);
    const found = group && findInGroup(group, lookup);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findInGroup<T>({ trees }: HostGroup<T>, { method, path }: Lookup): Found<T> | undefined {
  for (const tree of trees) {
    const found = tree.find(method, path);
    if (found !== undefined) return found;
  }
  return undefined;
}
