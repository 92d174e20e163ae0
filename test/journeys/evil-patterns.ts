import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { LoopFigures } from "../support/loop-probe.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { exchange } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { answering } from "../support/upstream-scripts.ts";
import { seededRandom } from "../validate/random-patterns.ts";

export interface EvilPatterns {
  readonly seed: number;
  /** Patterns of the family, beside the ten that are known. */
  readonly generated: number;
  /** Longest body that is sent. */
  readonly bytes: number;
}

export interface EvilPatternFigures extends EvilPatterns, LoopFigures {
  readonly patterns: number;
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Each with what drives V8 into exponential or polynomial time, repeated. */
const known: ReadonlyArray<readonly [pattern: string, unit: string]> = [
  ["^(a+)+$", "a"],
  ["^(a|aa)+$", "a"],
  ["^(a|a?)+$", "a"],
  ["^([a-zA-Z]+)*$", "a"],
  ["^(.*a){20}$", "a"],
  ["^(\\w+\\s?)*$", "word "],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
  ["(x+x+)+y", "x"],
  ["^(\\d+)*,$", "1"],
  ["^\\s*(\\s*a)*$", " "],
];

/** Not evil, and of the kinds that a linear engine often lacks: these must load and be as safe. */
const harmless: ReadonlyArray<readonly [pattern: string, unit: string]> = [
  ["^(?=.*[A-Z])(?=.*\\d)(?!.*\\s).{8,128}$", "aA1"],
  ["^(?!.*(?:admin|root)).+$", "adm"],
  ["^((?!bad).)*$", "ba"],
  ["^(?:(?<![a-z])\\d|x)+$", "1"],
  ["^[\\s\\S]{0,131072}$", "a"],
  ["^(?:[a-z0-9-]{1,63}\\.){1,126}[a-z]{2,63}$", "a."],
  ["^(?:\\w{1,2000},?){1,4}$", "a"],
  ["^([\"']).*\\1$", '"'],
];

/** Sends every pattern texts made to hurt it, of growing length, and watches the gateway's event loop. */
export async function attackPatterns({ seed, generated, bytes }: EvilPatterns): Promise<EvilPatternFigures> {
  const attacks = [...known, ...harmless, ...family(seed, generated)];
  await using upstream = await startUpstream(answering());
  const folder = mkdtempSync(join(tmpdir(), "statuswise-probe-"));
  try {
    await using gateway = await watched(join(folder, "loop.json"), attacks, upstream.url);
    // Whoever comes first pays for the compiling of what all run: that is no pattern's doing.
    for (const round of [1, 2, 3]) await post(gateway, round, "a".repeat(bytes));
    process.kill(gateway.pid, "SIGUSR2");
    const statuses: Record<number, number> = {};
    let requests = 0;
    for (const [n, [, unit]] of attacks.entries()) {
      for (const text of hostileTexts(unit, bytes)) {
        const status = await post(gateway, n, text);
        assert.ok(status < 500, `${attacks[n]?.[0]} answers ${status}`);
        statuses[status] = (statuses[status] ?? 0) + 1;
        requests += 1;
      }
    }
    gateway.signal("SIGTERM");
    assert.equal(await gateway.exited, 0, gateway.errorText);
    const figures = JSON.parse(readFileSync(join(folder, "loop.json"), "utf8")) as LoopFigures;
    return { seed, generated, bytes, patterns: attacks.length, requests, statuses, ...figures };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function watched(file: string, attacks: Attacks, target: string): Promise<GatewayProcess> {
  const probe = fileURLToPath(new URL("../support/loop-probe.ts", import.meta.url));
  process.env["PROBE_FILE"] = file;
  process.env["NODE_OPTIONS"] = `--import ${probe}`;
  try {
    return await spawnGateway({
      schemas: Object.fromEntries(attacks.map(([pattern], n) => [`${n}.json`, { type: "string", pattern }])),
      upstreams: { service: { targets: [target] } },
      routes: attacks.map((_attack, n) => {
        return { id: `r${n}`, path: `/${n}`, upstream: "service", request: { body: { schema: `${n}.json` } } };
      }),
    });
  } finally {
    delete process.env["PROBE_FILE"];
    delete process.env["NODE_OPTIONS"];
  }
}

type Attacks = ReadonlyArray<readonly [pattern: string, unit: string]>;

async function post(gateway: GatewayProcess, route: number, text: string): Promise<number> {
  const { status } = await exchange(gateway.port, {
    method: "POST",
    target: `/${route}`,
    fields: [["Content-Type", "application/json"]],
    body: JSON.stringify(text),
  });
  return status;
}

/** As long as may be with quotes around it; ended in ways that make a match fail at the very last. */
function hostileTexts(unit: string, bytes: number): string[] {
  return [30, 5000, bytes - 20].flatMap((length) => {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    return ["", "!", "\n", "é"].map((end) => text + end);
  });
}

/** Loops in loops, alternatives that overlap, loops side by side, over characters that overlap. */
function* family(seed: number, count: number): Generator<readonly [pattern: string, unit: string]> {
  const random = seededRandom(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  for (let n = 0; n < count; n += 1) {
    const [part, unit] = pick(parts);
    const [other] = pick(parts);
    const form = pick(forms);
    yield [form.replaceAll("X", part).replaceAll("Y", other), unit];
  }
}

const parts = [
  ["a", "a"],
  ["[a-z]", "a"],
  ["\\w", "ab"],
  ["\\d", "1"],
  [".", "a"],
  ["\\s", " "],
  ["(?:ab|a|b)", "ab"],
  ["[^,]", "a"],
  ["\\p{L}", "é"],
] as const;
const forms = [
  "^(X+)+$",
  "^(X*)*$",
  "^(X+)*Y$",
  "^(X|X)+$",
  "^(X|XX)+$",
  "^(X|Y)*Y$",
  "^(X+Y?)+$",
  "^((X+)?Y*)+$",
  "(X+X+)+Y",
  "X+X+X+Y$",
  "X*Y*X*Y*$",
  "^X*X*X*X*X*X*$",
  "^(X{1,30}){1,30}$",
  "(X|Y)*X(X|Y){15}$",
  "^(?=(X+)+$)",
  "^(?!(X+Y?)+$).*$",
  "(?<=(X+)+)Y$",
  "\\b(X+)+\\b$",
] as const;
