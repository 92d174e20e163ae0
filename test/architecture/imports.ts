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

/** The packages that one folder alone may import, so that a change of library stays in that folder. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  "http-proxy": ["upstream"],
  ioredis: ["admit"],
  "rate-limiter-flexible": ["admit"],
  opossum: ["breaker"],
  ajv: ["validate"],
  "ajv-formats": ["validate"],
  "find-my-way": ["route"],
  pino: ["observe"],
  "prom-client": ["observe"],
  "structured-headers": ["respond"],
  typebox: ["config"],
  yaml: ["config", "validate"],
};

/** What every stage may use: the codec of HTTP/1.1, which knows nothing of the gateway, and the exchange's small tools. */
const shared = /^gateway\/(?:http1\/.+|exchange\/(?:clock|address-group|guarded)\.ts)$/;

/** Files whose types, and types alone, every stage may use. */
const sharedTypes =
  /^gateway\/exchange\/(?:exchange|downstream|client-pace|exchange-timer|events)\.ts$|^gateway\/config\/schema(?:\.ts|\/.+)$/;

/** The retry loop asks the breaker of a target: it may use the breaker's types. */
const attemptTypes = /^gateway\/breaker\/.+$/;

/** The only folder that builds the stages, and knows them all. */
const composite = "pipeline";

/** What starts the process and stands above the pipeline. */
const starters: ReadonlySet<string | undefined> = new Set(["commands", "supervise"]);

/** What only commands/ and supervise/ use: gateway.ts does not know who listens or administers, or where its config came from. */
const onlyForStarters =
  /^gateway\/(?:(?:admin|commands|supervise|demo)\/|client\/(?:server|drain)\.ts$|config\/load\.ts$)/;

/** Why an import breaks the architecture's rule, or undefined where it does not. */
export function offence(one: Import): string | undefined {
  const from = folderOf(one.from);
  if (!one.isRelative) return packageOffence(one, from);
  const to = folderOf(one.to);
  if (to === undefined) return "gateway/ imports nothing outside of gateway/";
  if (one.to === "gateway/main.ts") return "nobody imports main.ts";
  if (from === "failures" || from === "http1") {
    return from === to ? undefined : `${from}/ imports nothing outside itself`;
  }
  if (to === "failures" || from === "commands") return undefined;
  if (one.from === "gateway/main.ts") return to === "commands" ? undefined : "main.ts calls commands/";
  if (from === "supervise") return to === "commands" ? "commands/ calls supervise/" : undefined;
  if (from === composite || one.from === "gateway/gateway.ts") {
    return onlyForStarters.test(one.to) ? `only commands/ and supervise/ import ${one.to}` : undefined;
  }
  return stageOffence(one, from, to);
}

function stageOffence(one: Import, from: string | undefined, to: string): string | undefined {
  if (from === to && to !== "") return undefined;
  if (shared.test(one.to) || (one.isTypeOnly && sharedTypes.test(one.to))) return undefined;
  if (from === "attempt" && one.isTypeOnly && attemptTypes.test(one.to)) return undefined;
  return "a stage imports itself, failures/, http1/, the clock, and types of the exchange, the events and the config";
}

function packageOffence(one: Import, from: string | undefined): string | undefined {
  if (one.to === "node:process" && !starters.has(from) && one.from !== "gateway/main.ts") {
    return "the process belongs to main.ts, commands/ and supervise/";
  }
  const keeper = keepers[one.to];
  if (one.to.startsWith("node:") || keeper?.includes(from ?? "") === true) return undefined;
  return keeper === undefined ? `${one.to} has no folder yet: name one` : `${one.to} belongs to ${keeper.join(", ")}/`;
}

/** The folder of gateway/ that a file stands in; "" for a file directly in gateway/; undefined outside of it. */
function folderOf(path: string): string | undefined {
  const parts = path.split("/");
  if (parts[0] !== "gateway") return undefined;
  return parts.length === 2 ? "" : parts[1];
}

/** Folders of gateway/ and files directly in it, and which imports which. */
export interface Floors {
  /** `from → to`, each once. */
  readonly arrows: readonly string[];
  /** The longest chain of arrows, from the top. */
  readonly chain: readonly string[];
}

export function floorsOf(imports: readonly Import[]): Floors {
  const pairs = imports
    .filter((one) => one.isRelative)
    .map((one) => [unitOf(one.from), unitOf(one.to)] as const)
    .filter(([from, to]) => from !== to);
  const targets = Map.groupBy(pairs, ([from]) => from);
  const chains = new Map<string, readonly string[]>();
  const chainOf = (unit: string): readonly string[] => {
    const known = chains.get(unit);
    if (known !== undefined) return known;
    chains.set(unit, [unit]);
    const below = (targets.get(unit) ?? []).map(([, to]) => chainOf(to));
    const chain = [unit, ...(below.toSorted((one, other) => other.length - one.length)[0] ?? [])];
    chains.set(unit, chain);
    return chain;
  };
  const longest = [...targets.keys()].map(chainOf).toSorted((one, other) => other.length - one.length);
  return { arrows: [...new Set(pairs.map((pair) => pair.join(" → ")))], chain: longest[0] ?? [] };
}

function unitOf(path: string): string {
  const [, first = "", ...rest] = path.split("/");
  return rest.length === 0 ? first : `${first}/`;
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
