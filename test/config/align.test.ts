import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import * as fc from "fast-check";

import { align } from "../../gateway/config/align.ts";
import { parseMeasure } from "../../gateway/config/duration.ts";
import { formatFinding } from "../../gateway/config/finding.ts";
import { loadConfig } from "../../gateway/config/load.ts";
import { alignText, mended, readText } from "./align-text.ts";
import { soundFile } from "./file-arbitrary.ts";
import { loadText, sound } from "./load-text.ts";
import { misaligned } from "./misaligned.ts";

describe("misaligned", () => {
  for (const { name, text, findings } of misaligned) {
    test(name, () => assert.deepEqual(alignText(text), findings));
  }
});

const orders = "upstreams: { orders: { targets: [http://a] } }\n";
const route = (more: string): string => `routes: [{ id: all, path: /*, upstream: orders, ${more} }]\n`;
const before = (loadBalancer: string, more = ""): string =>
  `surroundings: { loadBalancer: { ${loadBalancer} } }\n${more}${orders}${route("priority: normal")}`;

const aligned: Readonly<Record<string, string>> = {
  "the defaults": orders + route("priority: normal"),
  "a patient client": `surroundings: { client: { timeout: 15001ms } }\n${orders}${route("timeout: 15s")}`,
  "the contract's surroundings": `surroundings: { client: { timeout: 90s }, loadBalancer: { idle: 60s }, terminationGracePeriod: 45s }\n${orders}${route("timeout: 15s")}`,
  "aws-alb, with tunnels": `surroundings: { loadBalancer: { preset: aws-alb } }\nupstreams: { orders: { targets: [http://a], websockets: { idle: 59s } } }\n${route("websocket: true")}`,
  "aws-api-gateway": before("preset: aws-api-gateway"),
  "gcp-lb": before("preset: gcp-lb", "listen: { keepAlive: 620s }\n"),
  cloudflare: before("preset: cloudflare", "listen: { keepAlive: 16m }\n"),
  nginx: before("preset: nginx"),
  "a preset, overridden": before("preset: gcp-lb, idle: 60s, timeout: 16s"),
  "a budget that is spent to the millisecond": orders + route("timeout: 12125ms, retry: { attempts: 2 }"),
  "timers as long as the budget, had there been no other": `upstreams: { orders: { targets: [http://a], concurrency: { queue: { wait: 0ms } } } }\n${route("timeout: 5s, timeouts: { connect: 1ms, headers: 4999ms }")}`,
  "a drain that just fits in between": `surroundings: { terminationGracePeriod: 30001ms }\n${orders}${route("timeout: 30s")}`,
};

describe("aligned", () => {
  for (const [name, text] of Object.entries(aligned)) test(name, () => assert.deepEqual(alignText(text), []));

  for (const name of ["gateway.yaml", "demo/gateway.yaml", "docker/gateway.yaml"]) {
    test(`the shipped config/${name}`, () => {
      const file = fileURLToPath(new URL(`../../config/${name}`, import.meta.url));
      const result = loadConfig(file, { environment: {}, hostName: "host" });
      assert.ok("config" in result);
      assert.deepEqual(result.misalignments.map(formatFinding), []);
    });
  }
});

test("loading finds misalignments beside the warnings, in the order of the file", () => {
  const result = loadText(
    `${sound}listen: { drain: { grace: 9s, deadline: 9s } }\nsurroundings: { client: { timeout: 1s } }`,
  );
  assert.ok("config" in result);
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(
    result.misalignments.map(({ line, column, path, severity }) => ({ at: `${line}:${column}`, path, severity })),
    [
      { at: "2:10", path: "routes[0].timeout", severity: "warning" },
      { at: "3:27", path: "listen.drain.grace", severity: "warning" },
      { at: "3:41", path: "listen.drain.deadline", severity: "warning" },
    ],
  );
});

const seed = Date.now() % 2 ** 31;

function msOf(span: string | undefined): number {
  const ms = parseMeasure("duration", span ?? "");
  assert.ok(ms !== undefined, `'${span}' is no duration`);
  return ms;
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  ">": (left, right) => left > right,
  "≥": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "≤": (left, right) => left <= right,
};

test(`what is found is false by its own numbers, and mended by its own hint (seed ${seed})`, () => {
  let found = 0;
  const check = (file: Record<string, unknown>): void => {
    const { config, document } = readText(JSON.stringify(file));
    for (const finding of align(config, document)) {
      found++;
      const [, left, relation = "", right] = /does not hold: (\w+) (\S) (?:.* = )?(\w+) \[/.exec(finding.message) ?? [];
      assert.equal(comparisons[relation]?.(msOf(left), msOf(right)), false, finding.message);
      const change = mended(config, finding, msOf(finding.hint.split(" ").at(-1)));
      const [law] = finding.message.split(" does not hold");
      const again = align(change, document).filter(({ message, path }) => {
        return message.startsWith(`${law} `) && path.join() === finding.path.join();
      });
      assert.deepEqual(again, [], finding.hint);
    }
  };
  fc.assert(fc.property(soundFile, check), { numRuns: 150, seed });
  assert.ok(found > 0);
});
