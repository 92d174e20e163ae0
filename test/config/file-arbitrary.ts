import * as fc from "fast-check";

import type { FieldSchema } from "../../gateway/config/schema/field.ts";
import type { SyntaxName } from "../../gateway/config/syntax.ts";

import { formatMeasure, parseMeasure } from "../../gateway/config/duration.ts";
import { configSchema } from "../../gateway/config/schema.ts";
import { isMandatory } from "../../gateway/config/schema/field.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);
const host = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{2,5}){0,2}$/);
const header = fc.stringMatching(/^X-[A-Za-z]{1,10}$/);

const texts: Readonly<Record<SyntaxName, fc.Arbitrary<string>>> = {
  any: fc.string().map((text) => text.replaceAll("$", "")),
  "bind-address": fc.constantFrom("127.0.0.1", "::1", "localhost"),
  cidr: fc.tuple(fc.ipV4(), fc.nat({ max: 32 })).map(([address, length]) => `${address}/${length}`),
  file: fc.constant("file.pem"),
  "hash-key": fc.constantFrom("ip", "path", "header:X-A"),
  "header-value": fc.stringMatching(/^[!-#%-~]([ -#%-~]{0,20}[!-#%-~])?$/),
  "host-name": host,
  "host-pattern": host.chain((plain) => fc.constantFrom(plain, `*.${plain}`)),
  "http-base": host.map((plain) => `https://${plain}/`),
  "json-pointer": fc.constantFrom("/code", "/error/code", "/a~1b/0"),
  "media-type": fc.constantFrom("application/json", "text/html"),
  "media-range": fc.constantFrom("application/json", "application/*", "application/*+json", "*/*"),
  method: fc.constantFrom("GET", "POST", "DELETE"),
  name,
  "path-pattern": fc.constantFrom("/orders", "/orders/{id}", "/files/*"),
  "path-prefix": fc.constant("/"),
  pseudonym: name,
  "rate-key": fc.constantFrom("ip", "route"),
  "redis-url": fc.constant("redis://10.0.0.7:6379"),
  "request-target": fc.webPath().map((path) => `/x${path.replaceAll("#", "")}`),
  "schema-file": fc.constant("schema.json"),
  "settable-header": header,
  "target-url": fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([at, port]) => `http://${at}:${port}`),
  token: header,
};

// Keys that must fit others: each is drawn so that it does, whatever the others are.
const fitting: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "listen.maxHeaderSize": fc.constantFrom("8KiB", "1MiB"),
  "listen.maxTargetLength": fc.constantFrom("64B", "1KiB"),
  "listen.deadlineHeaders": fc.constant([]),
  "upstreams.*.concurrency": fc.oneof(
    fc.record({
      limit: fc.constant("knee"),
      min: fc.integer({ min: 1, max: 100 }),
      max: fc.integer({ min: 100, max: 10_000 }),
    }),
    fc.record({
      limit: fc.integer({ min: 1, max: 1_000_000 }),
      queue: fc.record({ depth: fc.nat(100_000), wait: fc.constantFrom("0ms", "2s") }, { requiredKeys: [] }),
    }),
  ),
  "listen.drain.grace": fc.constant("0ms"),
  "listen.drain.deadline": fc.constantFrom("5s", "1m"),
  "upstreams.*.breaker.open": fc.constantFrom("100ms", "30s"),
  "upstreams.*.breaker.maxOpen": fc.constantFrom("30s", "2h"),
  "upstreams.*.balance": fc.constantFrom("least-request", "round-robin", "random"),
  "routes[].retry.backoff.base": fc.constantFrom("1ms", "1s"),
  "routes[].retry.backoff.max": fc.constantFrom("1s", "10m"),
  "routes[].request.body.maxSize": fc.constantFrom("0B", "1MiB"),
  "routes[].rateLimit.shared": fc.constant(false),
  "routes[].rateLimit.failMode": fc.constant("open"),
  "shedding.hold": fc.constantFrom("100ms", "1s"),
  "shedding.maxHold": fc.constantFrom("16s", "1h"),
  "shedding.loopDelay.from": fc.constantFrom("1ms", "5ms"),
  "shedding.loopDelay.to": fc.constantFrom("16ms", "1m"),
  "shedding.heap.from": fc.constantFrom("1%", "90%"),
  "shedding.heap.to": fc.constantFrom("90%", "100%"),
  "admin.port": fc.constant(0),
  // Not below the probes' timeout, which is left to its default.
  "upstreams.*.health.interval": fc.constantFrom("1s", "5s", "2m"),
};
const absent = new Set([
  "listen.priorityHeader",
  "routes[].upstreamErrors.fallback.contentType",
  "redis",
  "upstreams.*.hashBy",
  "upstreams.*.health.timeout",
  "upstreams.*.tls",
  "listen.tls",
  "routes[].weights",
  "routes[].rewrite",
]);

/** Configuration files, as JSON values, in which nothing is wrong. */
export const soundFile: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(draw(configSchema as unknown as FieldSchema, ""), fc.uniqueArray(name, { minLength: 1, maxLength: 3 }))
  .map(([drawn, names]) => connect(drawn as Record<string, unknown>, names));

/** Gives routes ids and paths of their own, and upstreams that exist and are used. */
function connect(file: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const upstreams = Object.values(file["upstreams"] as object) as { targets: { url: string }[] }[];
  const routes = file["routes"] as object[];
  return {
    ...file,
    upstreams: Object.fromEntries(names.map((key, index) => [key, upstreams[index % upstreams.length]])),
    routes: names.map((upstream, index) => {
      const own = { id: `r${index}`, path: `/r${index}/{id}/*`, upstream };
      return Object.assign({}, routes[index % routes.length], own);
    }),
  };
}

function draw(field: FieldSchema, path: string): fc.Arbitrary<unknown> {
  const own = fitting[path];
  if (own !== undefined) return own;
  if (field.properties !== undefined) return drawBlock(field.properties, path);
  if (field.items !== undefined) {
    const members = draw(field.items, `${path}[]`);
    const bounds = { minLength: field.minItems ?? 0, maxLength: 3 };
    return fc.uniqueArray(members, { ...bounds, selector: (member) => identity(member) });
  }
  if (field.values !== undefined) {
    const names = field.names === undefined ? fc.string() : texts[field.names];
    const unique = { minLength: field.minProperties ?? 0, maxLength: 3, selector: (key: string) => key.toLowerCase() };
    return fc.uniqueArray(names, unique).chain((keys) => {
      const member = draw(field.values as FieldSchema, `${path}.*`);
      return fc.record(Object.fromEntries(keys.map((key) => [key, member])), { noNullPrototype: true });
    });
  }
  return drawScalar(field);
}

function identity(member: unknown): string {
  const { url } = (typeof member === "object" ? member : {}) as { url?: string };
  return url ?? JSON.stringify(member);
}

function drawBlock(properties: NonNullable<FieldSchema["properties"]>, path: string): fc.Arbitrary<unknown> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  const mandatory: string[] = [];
  for (const [key, property] of Object.entries(properties)) {
    const place = path === "" ? key : `${path}.${key}`;
    if (absent.has(place)) continue;
    members[key] = draw(property, place);
    if (isMandatory(property)) mandatory.push(key);
  }
  return fc.record(members, { requiredKeys: mandatory, noNullPrototype: true });
}

function drawScalar(field: FieldSchema): fc.Arbitrary<unknown> {
  const { unit, minimum, maximum } = field;
  if (unit === "rate") return fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`);
  if (unit !== undefined) {
    const bounds = { min: parseMeasure(unit, String(minimum)) ?? 0, max: parseMeasure(unit, String(maximum)) ?? 0 };
    return fc
      .maxSafeInteger()
      .map((value) => formatMeasure(unit, bounds.min + (Math.abs(value) % (bounds.max - bounds.min + 1))));
  }
  if (field.enum !== undefined) return fc.constantFrom(...field.enum);
  if (field.type === "boolean") return fc.boolean();
  if (field.type === "integer") return fc.integer({ min: Number(minimum), max: Number(maximum) });
  return texts[field.syntax ?? "any"];
}
