import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";

import { Agent, request } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { builtPackages, BuiltGateway, median, startOkUpstream } from "../support/built-package.ts";

const example = join(import.meta.dirname, "../../config/gateway.yaml");
const { built, before } = builtPackages();

test("the example configuration is listening soon, in little memory", { timeout: 120_000 }, async (t) => {
  if (built === undefined) return t.diagnostic("not measured: `npm run build` has not been run");
  if (before === undefined) t.diagnostic("not compared: STATUSWISE_BEFORE names no built package");
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 7; round++) {
    ours.push(await timeToListen(built));
    if (before !== undefined) theirs.push(await timeToListen(before));
  }
  await using gateway = await BuiltGateway.start(built, example);
  await pause(5000);
  const { residentMiB } = gateway;
  t.diagnostic(JSON.stringify({ listeningMs: median(ours), beforeMs: median(theirs), residentMiB }));
  assert.ok(residentMiB <= 110, `${residentMiB} MiB`);
  if (before !== undefined) assert.ok(median(ours) <= 0.6 * median(theirs), `${median(ours)} ms, ${median(theirs)} ms`);
});

test(
  "1,000 schemas of 20 properties: listening, the first request on each, all compiled",
  { timeout: 180_000 },
  async (t) => {
    if (built === undefined) return t.diagnostic("not measured: `npm run build` has not been run");
    await using upstream = await startOkUpstream();
    const folder = mkdtempSync(join(tmpdir(), "statuswise-start-"));
    try {
      const config = writeSchemas(folder, upstream.port);
      await using gateway = await BuiltGateway.start(built, config);
      const { listeningMs, residentMiB: listeningMiB } = gateway;
      // The compiler itself is loaded in the first idle turn.
      await pause(200);
      const firstMs = await postAll(gateway.port);
      const compiledMiB = gateway.residentMiB;
      const slowestMs = Math.max(...firstMs);
      t.diagnostic(JSON.stringify({ listeningMs, listeningMiB, medianMs: median(firstMs), slowestMs, compiledMiB }));
      assert.ok(listeningMs <= 2000, `${listeningMs} ms`);
      assert.ok(listeningMiB <= 160, `${listeningMiB} MiB`);
      assert.ok(compiledMiB <= 300, `${compiledMiB} MiB`);
      // One may fall on a pause of the machine.
      const late = firstMs.filter((ms) => ms > 50).length;
      assert.ok(late <= 5, `${late} first requests took more than 50 ms`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function timeToListen(root: string): Promise<number> {
  await using gateway = await BuiltGateway.start(root, example);
  return gateway.listeningMs;
}

const schemas = 1000;
const properties = 20;

function writeSchemas(folder: string, upstreamPort: number): string {
  const kinds: ReadonlyArray<(i: number) => object> = [
    (i) => ({ type: "string", minLength: 1, maxLength: 100 + i }),
    (i) => ({ type: "integer", minimum: 0, maximum: 1000 + i }),
    (i) => ({ type: "string", pattern: `^[a-z]{1,${2 + (i % 30)}}$` }),
    () => ({ type: "string", format: "email" }),
    (i) => ({ type: "array", items: { type: "string", maxLength: 20 + i }, maxItems: 10 }),
    () => ({ $ref: "#/definitions/money" }),
  ];
  const money = { type: "object", required: ["amount"], properties: { amount: { type: "integer" } } };
  const routes: object[] = [];
  for (let i = 0; i < schemas; i++) {
    const members = Array.from({ length: properties }, (_, j) => [`p${i}_${j}`, kinds[(i + j) % kinds.length]?.(i)]);
    const schema = { type: "object", additionalProperties: false, properties: Object.fromEntries(members) as object };
    writeFileSync(join(folder, `s${i}.json`), JSON.stringify({ ...schema, definitions: { money } }));
    const body = { schema: `s${i}.json` };
    routes.push({ id: `r${i}`, methods: ["POST"], path: `/r${i}`, upstream: "service", request: { body } });
  }
  const file = join(folder, "gateway.yaml");
  const listen = { host: "127.0.0.1", port: "${PORT}" };
  const admin = { host: "127.0.0.1", port: "${ADMIN_PORT}" };
  const upstreams = { service: { targets: [`http://127.0.0.1:${upstreamPort}`] } };
  writeFileSync(file, JSON.stringify({ listen, admin, upstreams, routes }));
  return file;
}

/** Milliseconds of the first request on each route, one after another. */
async function postAll(port: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const tookMs: number[] = [];
  for (let i = 0; i < schemas; i++) {
    const began = performance.now();
    const headers = { "content-type": "application/json", "content-length": 2 };
    const sent = request({ agent, host: "127.0.0.1", port, method: "POST", path: `/r${i}`, headers }).end("{}");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    await once(response.resume(), "end");
    tookMs.push(Math.round(performance.now() - began));
  }
  agent.destroy();
  return tookMs;
}
