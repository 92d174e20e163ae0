import type { Config } from "./schema.ts";

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> | undefined } : T;

/** A configuration as read: whatever was faulty is undefined, and what is derived is not yet there. */
export type Draft = Deep<Config>;
export type RouteDraft = NonNullable<NonNullable<Draft["routes"]>[number]>;
export type UpstreamDraft = NonNullable<NonNullable<Draft["upstreams"]>[string]>;

function tokenOf(hostName: string): string {
  const name = hostName.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 255);
  return name === "" ? "statuswise" : name;
}

function completeRoute(route: RouteDraft): RouteDraft {
  const body = route.request?.body;
  return {
    ...route,
    upstream: route.upstream ?? Object.keys(route.weights ?? {})[0],
    request: {
      ...route.request,
      body: { ...body, contentTypes: body?.contentTypes ?? (body?.schema === undefined ? [] : ["application/json"]) },
    } as RouteDraft["request"],
  };
}

const leastSloMs = 200;
const mostSloMs = 2.5 * leastSloMs;

/** A median of a tenth of the longest wait leaves room for the slowest answers. */
function sloOf(headersMs: number): number {
  return Math.min(mostSloMs, Math.max(leastSloMs, headersMs / 10));
}

function completeUpstream(upstream: UpstreamDraft): UpstreamDraft {
  const { concurrency, timeouts } = upstream;
  if (concurrency === undefined || timeouts?.headers === undefined) return upstream;
  return { ...upstream, concurrency: { ...concurrency, slo: concurrency.slo ?? sloOf(timeouts.headers) } };
}

/** Fills in what depends on other keys or on the host. Of a draft without an error this makes a whole configuration. */
export function complete(draft: Draft, hostName: string): Draft {
  const routes = draft.routes?.map((route) => (route === undefined ? undefined : completeRoute(route)));
  const upstreams = Object.entries(draft.upstreams ?? {}).map(
    ([name, upstream]) => [name, upstream === undefined ? undefined : completeUpstream(upstream)] as const,
  );
  return { ...draft, name: draft.name ?? tokenOf(hostName), upstreams: Object.fromEntries(upstreams), routes };
}

/** Freezes a value and all it holds. Of equal parts it keeps one: most of what routes hold is their defaults. */
export function freeze<T>(value: T): T {
  return freezeOnce(value, { known: new Map(), numbers: new Map() }) as T;
}

interface FrozenParts {
  /** By their text, in which the number of a part stands for the part. */
  readonly known: Map<string, object>;
  readonly numbers: Map<unknown, number>;
}

function freezeOnce(value: unknown, parts: FrozenParts): unknown {
  if (typeof value !== "object" || value === null || parts.numbers.has(value)) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, freezeOnce(member, parts)] as const);
  const text = entries.map(([name, member]) => `${JSON.stringify(name)}:${textOf(member, parts)}`).join();
  const key = Array.isArray(value) ? `[${text}]` : `{${text}}`;
  const known = parts.known.get(key);
  if (known !== undefined) return known;
  const frozen = Object.freeze(
    Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries),
  );
  parts.known.set(key, frozen);
  parts.numbers.set(frozen, parts.numbers.size);
  return frozen;
}

/** Tells every value from every other, Infinity from null as well: two parts of one text become one. */
function textOf(member: unknown, { numbers }: FrozenParts): string {
  if (typeof member === "object" && member !== null) return `#${numbers.get(member)}`;
  return typeof member === "string" ? JSON.stringify(member) : String(member);
}
