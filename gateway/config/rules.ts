import type { ConfigDocument, Path } from "./document.ts";
import type { Draft, UpstreamDraft } from "./draft.ts";

import { formatMeasure } from "./duration.ts";
import { nearestName } from "./nearest.ts";
import { checkRoutes } from "./route-rules.ts";
import { checkTlsFiles } from "./tls-files.ts";

/** What no single key can be blamed for. Every fault is reported; a key that is faulty by itself is passed over. */
export function checkRules(draft: Draft, document: ConfigDocument): void {
  checkListeners(draft, document);
  checkBelievedHeaders(draft, document);
  checkShedding(draft, document);
  const tls = draft.listen?.tls;
  if (tls !== undefined) checkTlsFiles({ ...tls, ca: tls.clientCa }, ["listen", "tls"], document);
  for (const [name, upstream] of Object.entries(draft.upstreams ?? {})) {
    if (upstream !== undefined) checkUpstream(upstream, ["upstreams", name], document);
  }
  checkReferences(draft, document);
  checkRoutes(draft, document);
  checkRateLimits(draft, document);
}

interface Bound {
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** What the lesser must not exceed, in words. */
  readonly of: string;
  readonly unit?: "duration" | "size" | "rate";
}

function checkOrder({ least, most, of, unit }: Bound, path: Path, document: ConfigDocument): void {
  if (least === undefined || most === undefined || least <= most) return;
  const [low, high] = [least, most].map((value) => (unit === undefined ? String(value) : formatMeasure(unit, value)));
  document.reportAt(path, `${low} is more than ${of}, ${high}`);
}

function checkListeners({ listen, admin }: Draft, document: ConfigDocument): void {
  const isSamePort = listen?.port !== undefined && listen.port !== 0 && listen.port === admin?.port;
  if (isSamePort && listen.host === admin?.host) {
    const [block = "admin", other = "listen"] = document.sets(["admin", "port"])
      ? ["admin", "listen"]
      : ["listen", "admin"];
    document.reportAt([block, "port"], `port ${listen.port} is taken by ${other}.port`);
  }
  const target = { least: listen?.maxTargetLength, most: listen?.maxHeaderSize, of: "listen.maxHeaderSize" };
  checkOrder({ ...target, unit: "size" }, ["listen", "maxTargetLength"], document);
  const drain = listen?.drain;
  const grace = { least: drain?.grace, most: drain?.deadline, of: "listen.drain.deadline" };
  checkOrder({ ...grace, unit: "duration" }, ["listen", "drain", "grace"], document);
}

function checkBelievedHeaders({ listen }: Draft, document: ConfigDocument): void {
  if (listen?.trustedProxies?.length !== 0) return;
  const fault = "has no effect: no peer is in listen.trustedProxies";
  const report = (key: string) => document.reportAt(["listen", key], fault, { severity: "warning" });
  if ((listen.deadlineHeaders?.length ?? 0) > 0) report("deadlineHeaders");
  if (listen.priorityHeader !== undefined) report("priorityHeader");
}

function checkShedding({ shedding }: Draft, document: ConfigDocument): void {
  const hold = { least: shedding?.hold, most: shedding?.maxHold, of: "maxHold" };
  checkOrder({ ...hold, unit: "duration" }, ["shedding", "hold"], document);
  for (const [key, unit] of [
    ["loopDelay", "duration"],
    ["heap", "rate"],
  ] as const) {
    const bound = { least: shedding?.[key]?.from, most: shedding?.[key]?.to, of: "to", unit };
    checkOrder(bound, ["shedding", key, "from"], document);
  }
}

function checkUpstream(upstream: UpstreamDraft, path: Path, document: ConfigDocument): void {
  const { breaker, health, tls } = upstream;
  const open = { least: breaker?.open, most: breaker?.maxOpen, of: "maxOpen" };
  checkOrder({ ...open, unit: "duration" }, [...path, "breaker", "open"], document);
  checkConcurrency(upstream, [...path, "concurrency"], document);
  const probe = { least: health?.timeout, most: health?.interval, of: "interval" };
  checkOrder({ ...probe, unit: "duration" }, [...path, "health", "timeout"], document);
  checkTargets(upstream, path, document);
  checkHash(upstream, path, document);
  if (tls === undefined) return;
  const place = [...path, "tls"];
  if ((tls.cert === undefined) !== (tls.key === undefined)) document.reportAt(place, "cert and key go together");
  checkTlsFiles(tls, place, document);
  if (tls.verify === false) {
    const hint = "give the authority in `ca` instead";
    document.reportAt([...place, "verify"], "certificates are not verified", { severity: "warning", hint });
  }
  if (upstream.targets?.every((target) => target?.url?.startsWith("http:") === true) === true) {
    document.reportAt(place, "has no effect: no target is https://", { severity: "warning" });
  }
}

function checkConcurrency({ concurrency, timeouts }: UpstreamDraft, path: Path, document: ConfigDocument): void {
  const permits = { least: concurrency?.min, most: concurrency?.max, of: "max" };
  checkOrder(permits, [...path, "min"], document);
  if (typeof concurrency?.limit === "number") {
    for (const key of ["min", "max", "slo"].filter((name) => document.sets([...path, name]))) {
      document.reportAt([...path, key], "has no effect without `limit: knee`", { severity: "warning" });
    }
  } else if (concurrency?.slo !== undefined && timeouts?.headers !== undefined && concurrency.slo >= timeouts.headers) {
    const fault = "no answer is as slow as that: timeouts.headers is not longer";
    document.reportAt([...path, "slo"], fault, { severity: "warning", hint: "set it well below" });
  }
}

function checkTargets({ targets }: UpstreamDraft, path: Path, document: ConfigDocument): void {
  const seen = new Map<string, number>();
  for (const [index, target] of (targets ?? []).entries()) {
    if (target?.url === undefined) continue;
    const first = seen.get(target.url);
    if (first === undefined) seen.set(target.url, index);
    else document.reportAt([...path, "targets", index], `is the same target as targets[${first}]`);
  }
}

function checkHash({ balance, hashBy }: UpstreamDraft, path: Path, document: ConfigDocument): void {
  if (balance === "hash" && hashBy === undefined) {
    document.reportAt([...path, "balance"], "goes by nothing", { hint: "set hashBy" });
  }
  if (balance !== undefined && balance !== "hash" && hashBy !== undefined) {
    document.reportAt([...path, "hashBy"], "has no effect without `balance: hash`", { severity: "warning" });
  }
}

function checkReferences({ upstreams, routes }: Draft, document: ConfigDocument): void {
  const names = Object.keys(upstreams ?? {});
  const used = new Set<string>();
  for (const [index, route] of (routes ?? []).entries()) {
    const references: [string, Path][] = Object.keys(route?.weights ?? {}).map((name) => [name, ["weights", name]]);
    if (route?.upstream !== undefined) references.push([route.upstream, ["upstream"]]);
    // A route that leads nowhere may have meant any of them.
    if (references.length === 0) names.forEach((name) => used.add(name));
    for (const [name, place] of references) {
      if (names.includes(name)) used.add(name);
      else used.add(reportUnknownUpstream(name, names, { path: ["routes", index, ...place], document }) ?? name);
    }
  }
  for (const name of names) {
    if (!used.has(name)) document.reportAt(["upstreams", name], "is used by no route", { severity: "warning" });
  }
}

/** Answers the upstream that was probably meant. */
function reportUnknownUpstream(
  name: string,
  names: readonly string[],
  at: { readonly path: Path; readonly document: ConfigDocument },
): string | undefined {
  const meant = nearestName(name, names);
  const known = names.length === 0 ? {} : { hint: `known: ${names.slice(0, 10).join(", ")}` };
  const hint = meant === undefined ? known : { hint: `did you mean '${meant}'?` };
  at.document.reportAt(at.path, `unknown upstream '${name}'`, hint);
  return meant;
}

/** A quota that is to be shared needs somewhere to be shared, and what is said of that needs sharing. */
function checkRateLimits({ routes, redis }: Draft, document: ConfigDocument): void {
  for (const [index, route] of (routes ?? []).entries()) {
    const limit = route?.rateLimit;
    const path = ["routes", index, "rateLimit"];
    // Where `redis` stands and is faulty, that has been reported.
    if (limit?.shared === true && redis === undefined && !document.sets(["redis"])) {
      document.reportAt([...path, "shared"], "needs a store", { hint: "add redis: { url: … } to the file" });
    }
    if (limit?.shared === false && limit.failMode === "closed") {
      document.reportAt([...path, "failMode"], "has no effect without `shared: true`");
    }
  }
  const mayShare = routes?.some((route) => route === undefined || route.rateLimit?.shared === true) ?? true;
  if (redis !== undefined && !mayShare) document.reportAt(["redis"], "is used by no route", { severity: "warning" });
}
