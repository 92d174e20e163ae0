import { dirname, join, normalize } from "node:path/posix";

import type { Source } from "./source.ts";

import { lineOf } from "./source.ts";

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the root for a relative import, else the package's name or `node:` module. */
  readonly to: string;
  readonly isRelative: boolean;
  readonly isTypeOnly: boolean;
}

const statement = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']/gm;
const dynamic = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** Everything a file imports or re-exports. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const one = (index: number, specifier: string, isTypeOnly: boolean): Import => {
    const isRelative = specifier.startsWith(".");
    const to = isRelative ? normalize(join(dirname(path), specifier)) : packageOf(specifier);
    return { from: path, line: lineOf(text, index), to, isRelative, isTypeOnly };
  };
  return [
    ...[...text.matchAll(statement)].map((match) => one(match.index, match[2] ?? "", match[1] !== undefined)),
    ...[...text.matchAll(dynamic)].map((match) => one(match.index, match[1] ?? "", false)),
  ];
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The packages that one room alone may import, so that a change of library stays in that room. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  "http-proxy": ["upstream"],
  ioredis: ["admit"],
  "rate-limiter-flexible": ["admit"],
  opossum: ["attempt"],
  ajv: ["validate"],
  "ajv-formats": ["validate"],
  "find-my-way": ["route"],
  pino: ["observe"],
  "prom-client": ["observe"],
  "structured-headers": ["respond"],
  typebox: ["config"],
  yaml: ["config", "validate"],
};

/** What everybody may use: the wire's codec, which knows nothing of the gateway, and files that stand beside the rooms. */
const shared = /^gateway\/(?:http1\/.+|clock\.ts|address-group\.ts|guarded\.ts)$/;

/** Files outside the rooms whose types, and types alone, every room may use. */
const sharedTypes =
  /^gateway\/(?:exchange\.ts|downstream\.ts|client-pace\.ts|alarm\.ts|observe\/events\.ts|config\/schema\.ts|config\/schema\/.+)$/;

/** The page, and the files that put its rooms together. */
const pages = new Set([
  "gateway/gateway.ts",
  "gateway/pipeline/pipeline.ts",
  "gateway/pipeline/build-pipeline.ts",
  "gateway/pipeline/destinations.ts",
  "gateway/pipeline/build-response-policies.ts",
  "gateway/pipeline/build-upstreams.ts",
  "gateway/pipeline/upstream.ts",
  "gateway/pipeline/target.ts",
]);

/** What only commands use: the page does not know who listens or administers, or where its config came from. */
const onlyForCommands = /^gateway\/(?:(admin|commands|demo)\/|client\/(?:server|drain)\.ts$|config\/load\.ts$)/;

/** Why an import breaks the house's rule, or undefined where it does not. */
export function offence(one: Import): string | undefined {
  const from = placeOf(one.from);
  if (!one.isRelative) return packageOffence(one, from);
  const to = placeOf(one.to);
  if (to === undefined) return "gateway/ imports nothing outside of gateway/";
  if (one.to === "gateway/main.ts") return "nobody imports main.ts";
  if (from === "failures" || from === "http1") {
    return from === to ? undefined : `${from}/ imports nothing outside itself`;
  }
  if (to === "failures" || from === "commands") return undefined;
  if (one.from === "gateway/main.ts") return to === "commands" ? undefined : "main.ts calls commands/";
  if (pages.has(one.from)) return onlyForCommands.test(one.to) ? `only commands/ imports ${one.to}` : undefined;
  return roomOffence(one, from, to);
}

function roomOffence(one: Import, from: string | undefined, to: string): string | undefined {
  if (from === to && !pages.has(one.to)) return undefined;
  if (shared.test(one.to) || (one.isTypeOnly && sharedTypes.test(one.to))) return undefined;
  return "a room imports itself, failures/, http1/, clock.ts, and types of the exchange, the events and the config";
}

function packageOffence(one: Import, from: string | undefined): string | undefined {
  if (one.to === "node:process" && from !== "commands" && one.from !== "gateway/main.ts") {
    return "the process belongs to main.ts and commands/";
  }
  const keeper = keepers[one.to];
  if (one.to.startsWith("node:") || keeper?.includes(from ?? "") === true) return undefined;
  return keeper === undefined ? `${one.to} has no room yet: name one` : `${one.to} belongs to ${keeper.join(", ")}/`;
}

/** The room a file stands in; "" for a file directly in gateway/; undefined outside of it. */
function placeOf(path: string): string | undefined {
  const parts = path.split("/");
  if (parts[0] !== "gateway") return undefined;
  return parts.length === 2 ? "" : parts[1];
}

/** One cycle among relative imports as `a → b → a`, or undefined where there is none. Type imports count. */
export function findCycle(imports: readonly Import[]): string | undefined {
  const targets = Map.groupBy(
    imports.filter((one) => one.isRelative),
    (one) => one.from,
  );
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file].join(" → ");
    if (done.has(file)) return undefined;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = visit(to, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
