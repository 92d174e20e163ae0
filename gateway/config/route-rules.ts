import type { ConfigDocument, Path } from "./document.ts";
import type { Draft, RouteDraft } from "./draft.ts";

import { formatMeasure } from "./duration.ts";
import { pathShape } from "./syntax/path.ts";

/** What must hold within a route and between routes. */
export function checkRoutes({ routes, listen }: Draft, document: ConfigDocument): void {
  for (const [index, route] of (routes ?? []).entries()) {
    if (route !== undefined) checkRoute(route, ["routes", index], { document, budget: listen?.maxBufferedBytes });
  }
  checkIds(routes ?? [], document);
  checkAmbiguity(routes ?? [], document);
}

interface RouteCheck {
  readonly document: ConfigDocument;
  /** listen.maxBufferedBytes */
  readonly budget: number | undefined;
}

function checkRoute(route: RouteDraft, path: Path, { document, budget }: RouteCheck): void {
  const { rewrite, request, headers } = route;
  checkDestination(route, path, document);
  const body = request?.body;
  if (body?.schema !== undefined && budget !== undefined && (body.maxSize ?? 0) > budget) {
    const place = [...path, "request", "body", "maxSize"];
    document.reportAt(place, `is more than listen.maxBufferedBytes, ${formatMeasure("size", budget)}`);
  }
  if (rewrite?.stripPrefix !== undefined && route.path !== undefined && !beginsWith(route.path, rewrite.stripPrefix)) {
    document.reportAt([...path, "rewrite", "stripPrefix"], "is not what the route's path begins with");
  }
  checkBackoff(route, path, document);
  checkFallback(route, path, document);
  for (const side of ["request", "response"] as const) {
    checkNames(Object.keys(headers?.[side]?.set ?? {}), [...path, "headers", side, "set"], document);
  }
}

function checkBackoff({ retry }: RouteDraft, path: Path, document: ConfigDocument): void {
  const { base = 0, max = Infinity } = retry?.backoff ?? {};
  if (base > max) document.reportAt([...path, "retry", "backoff", "base"], "is more than max");
}

function checkFallback({ upstreamErrors }: RouteDraft, path: Path, document: ConfigDocument): void {
  const { body, contentType } = upstreamErrors?.fallback ?? {};
  const place = [...path, "upstreamErrors", "fallback"];
  if (contentType === undefined || body !== undefined || document.sets([...place, "body"])) return;
  document.reportAt([...place, "contentType"], "has no effect without a body", { severity: "warning" });
}

function checkDestination(route: RouteDraft, path: Path, document: ConfigDocument): void {
  if (route.upstream !== undefined && route.weights !== undefined) {
    document.reportAt([...path, "weights"], "stands beside `upstream`", { hint: "keep one of them" });
  }
  const weights = Object.values(route.weights ?? {});
  if (weights.length > 0 && weights.every((weight) => weight === 0)) {
    document.reportAt([...path, "weights"], "adds up to 0");
  }
}

/** Field names know no case: two spellings of one name are one field set twice. */
function checkNames(names: readonly string[], path: Path, document: ConfigDocument): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) document.reportAt([...path, name], "is set twice, in different case");
    seen.add(name.toLowerCase());
  }
}

function beginsWith(pattern: string, prefix: string): boolean {
  return pattern === prefix || pattern.startsWith(`${prefix}/`);
}

function checkIds(routes: readonly (RouteDraft | undefined)[], document: ConfigDocument): void {
  const seen = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    if (route?.id === undefined) continue;
    const first = seen.get(route.id);
    if (first === undefined) seen.set(route.id, index);
    else
      document.reportAt(["routes", index, "id"], `'${route.id}' is taken; first at ${placeOf(first, "id", document)}`);
  }
}

/** Two routes that one request could mean alike: no precedence would tell which. */
function checkAmbiguity(routes: readonly (RouteDraft | undefined)[], document: ConfigDocument): void {
  const byShape = new Map<string, { route: RouteDraft; index: number }[]>();
  for (const [index, route] of routes.entries()) {
    if (route?.path === undefined) continue;
    const shape = JSON.stringify(pathShape(route.path));
    const alike = byShape.get(shape) ?? [];
    const rival = alike.find((other) => overlaps(other.route.hosts, route.hosts) && shareMethod(other.route, route));
    if (rival !== undefined) {
      const place = placeOf(rival.index, "path", document);
      const message = `ambiguous with route '${rival.route.id ?? rival.index}' at ${place}`;
      const hint = "their hosts, methods and path shape overlap";
      document.reportAt(["routes", index, "path"], message, { hint });
    }
    byShape.set(shape, [...alike, { route, index }]);
  }
}

type Names = readonly (string | undefined)[] | undefined;

/** Hosts are alike only where both name one, or neither any: a named host goes before none, exact before wildcard. */
function overlaps(ours: Names, theirs: Names): boolean {
  if (ours === undefined || theirs === undefined) return ours === theirs;
  return ours.some((name) => name !== undefined && theirs.includes(name));
}

function shareMethod(one: RouteDraft, other: RouteDraft): boolean {
  return one.methods === undefined || other.methods === undefined || overlaps(one.methods, other.methods);
}

function placeOf(index: number, key: string, document: ConfigDocument): string {
  return document.positionOf(["routes", index, key]);
}
