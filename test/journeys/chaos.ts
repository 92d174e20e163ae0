import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { LogLine } from "../support/log-lines.ts";
import type { Mood } from "./chaos/service.ts";

import { loadOf, readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { LogLines } from "../support/log-lines.ts";
import { exchange } from "../support/raw-client.ts";
import { seeded } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { drawAct } from "./chaos/acts.ts";
import { chaosConfig } from "./chaos/config.ts";
import { readCounters } from "./chaos/counters.ts";
import { Ledger } from "./chaos/ledger.ts";
import { MoodyService, moods } from "./chaos/service.ts";
import { Visitors } from "./chaos/visitors.ts";

export interface ChaosShape {
  readonly seconds: number;
  /** Of the load's cycle, which runs from half of it to five times it. */
  readonly ratePerSecond: number;
  readonly seed: number;
  /** Called every second with the gateway's resident memory. */
  readonly report: (at: { readonly second: number; readonly residentMiB: number }) => void;
}

/** A cycle of the load, in tenths of it: ordinary hours, a few rushes, one of them of five times the ordinary. */
const cycle = [0.5, 1, 1, 2, 0.5, 5, 1, 0.5, 3, 1];
const shortestCycleMs = 3000;
const longestCycleMs = 20_000;
/** More at once than the gateway could have kept waiting: then it no longer answers. */
const maxUnderWay = 5000;

/**
 * Everything at once, as the seed has it: services that change their moods, crash and come back; load from half to five
 * times the ordinary; clients that leave, stall and pipeline; a reload every few seconds, one in five of them broken.
 * The gateway answers no 500 and does not end; each answer is explained by one line of the log, or by the counter of
 * the lines that were left out; and after it nothing stands.
 */
export async function sufferChaos(shape: ChaosShape) {
  const random = seeded(shape.seed);
  const stream = (): (() => number) => seeded(Math.trunc(random() * 2 ** 32));
  await using steady = await MoodyService.start(stream());
  await using moody = await MoodyService.start(stream());
  await using other = await MoodyService.start(stream());
  const services = [steady, moody, other];
  const addresses = { steady: steady.url, moody: moody.url, other: other.url };
  const ledger = new Ledger();
  const log = new LogLines((line) => isKept(line, ledger));
  await using gateway = await spawnGateway(chaosConfig(addresses, random), log);
  const endsAt = performance.now() + shape.seconds * 1000;
  const [, , reloads] = await Promise.all([
    load(gateway, ledger, { ...shape, random: stream(), endsAt }),
    changeMoods([moody, other], stream(), endsAt),
    reloadAgainAndAgain(gateway, () => chaosConfig(addresses, random), { random: stream(), endsAt }),
    watch(gateway, ledger, { ...shape, endsAt }),
  ]);
  await settle(gateway, ledger, services);
  ledger.sweep(true);
  assert.deepEqual(
    services.flatMap(({ faults }) => faults),
    [],
  );
  assert.deepEqual(ledger.faults, []);
  assert.equal(gateway.errorText, "");
  return { ...(await account(gateway, ledger)), ...reloads };
}

/** Requests and failures go to the ledger; of all else only what the reloads came to is kept. */
function isKept(line: LogLine, ledger: Ledger): boolean {
  if (line["event"] === "request" || line["event"] === "failure") ledger.told(line);
  return line["event"] === "reload" || line["event"] === "reload_error";
}

interface Course {
  readonly random: () => number;
  readonly endsAt: number;
}

/** Clients come at random, whatever becomes of those before them. */
async function load(
  gateway: GatewayProcess,
  ledger: Ledger,
  { seconds, ratePerSecond, random, endsAt }: ChaosShape & Course,
): Promise<void> {
  using visitors = new Visitors(gateway.port, ledger);
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  const cycleMs = Math.min(longestCycleMs, Math.max(shortestCycleMs, (seconds * 1000) / 20));
  for (let dueAt = began; dueAt < endsAt;) {
    while (dueAt <= performance.now()) {
      const act = drawAct(random);
      const own = seeded(Math.trunc(random() * 2 ** 32));
      const played = act.play(visitors, own).catch((error: unknown) => ledger.fault(`${act.name}: ${String(error)}`));
      underWay.add(played);
      void played.finally(() => underWay.delete(played));
      const factor = cycle[Math.floor((((dueAt - began) % cycleMs) / cycleMs) * cycle.length)] ?? 1;
      dueAt += (-Math.log(1 - random()) * 1000) / (ratePerSecond * factor);
    }
    assert.ok(underWay.size <= maxUnderWay, `${underWay.size} clients at once`);
    await pause(1);
  }
  await Promise.all(underWay);
}

async function changeMoods(services: readonly MoodyService[], random: () => number, endsAt: number): Promise<void> {
  while (performance.now() < endsAt) {
    await pause(Math.min(500 + random() * 1500, endsAt - performance.now()));
    const service = services[Math.floor(random() * services.length)];
    await service?.become(moods[Math.floor(random() * moods.length)] as Mood);
  }
  for (const service of services) await service.become("well");
}

async function reloadAgainAndAgain(
  gateway: GatewayProcess,
  next: () => Parameters<GatewayProcess["rewrite"]>[0],
  { random, endsAt }: Course,
) {
  const told = (outcome: string): number => gateway.log.lines.filter((line) => line["outcome"] === outcome).length;
  let reloads = 0;
  for (; performance.now() < endsAt; reloads += 1) {
    const outcome = reloads % 5 === 4 ? "failure" : "success";
    const before = told(outcome);
    if (outcome === "success") gateway.rewrite(next());
    else if (random() < 0.5) gateway.rewriteText('{"routes": [');
    else gateway.rewrite({ ...next(), upstreams: {} });
    gateway.signal("SIGHUP");
    await until(() => told(outcome) > before);
    await pause(Math.max(0, Math.min(300 + random() * 3000, endsAt - performance.now())));
  }
  // The file is looked at as well, so that there may be more reloads than signals.
  return { reloads, succeeded: told("success"), refused: told("failure") };
}

async function watch(gateway: GatewayProcess, ledger: Ledger, { endsAt, report }: ChaosShape & { endsAt: number }) {
  for (let second = 1; performance.now() < endsAt; second += 1) {
    await pause(1000);
    ledger.sweep();
    report({ second, residentMiB: Math.round(gateway.residentBytes / 2 ** 20) });
  }
}

/** Waits until nothing is under way; then what is open towards the services is what the pools say that they have. */
async function settle(gateway: GatewayProcess, ledger: Ledger, services: readonly MoodyService[]): Promise<void> {
  await until(async () => {
    const status = await readStatus(gateway.adminPort);
    const { inFlight, queued, busy, idle } = loadOf(status.upstreams);
    const open = services.reduce((sum, { openConnections }) => sum + openConnections, 0);
    return inFlight === 0 && queued === 0 && busy === 0 && status.connections.open === 0 && open === idle;
  });
  // The log is written in order: with the line of this request all others are there.
  const id = ledger.issue();
  const line = gateway.log.access(id);
  ledger.answered(await exchange(gateway.port, { target: "/nowhere", fields: [["X-Request-Id", id]] }), id);
  await line;
}

/** Sets the ledger against the gateway's own counters: each code's lines and those left out are its requests. */
async function account(gateway: GatewayProcess, ledger: Ledger) {
  const { requests, sampledOut, droppedLines } = await readCounters(gateway.adminPort);
  const { issued, abandoned, broken, cut, answers, lines, failureLines, unlogged, omitted, untold } = ledger;
  const counts = { requests, lines, failureLines, sampledOut, unlogged, omitted };
  const said = JSON.stringify(Object.entries(counts).map(([name, count]) => [name, Object.fromEntries(count)]));
  assert.equal(droppedLines, 0);
  for (const [code, count] of requests) {
    const leftOut = sampledOut.get(code) ?? 0;
    assert.equal((lines.get(code) ?? 0) + leftOut, count, `${code}: ${said}`);
    if (code !== "") assert.equal(failureLines.get(code) ?? 0, lines.get(code) ?? 0, `${code}: ${said}`);
    // Clients may have left who were refused, and what was left out since the last line no line tells.
    assert.ok((unlogged.get(code) ?? 0) <= leftOut && (omitted.get(code) ?? 0) <= leftOut, `${code}: ${said}`);
  }
  const leftOut = totalOf(sampledOut);
  assert.ok(totalOf(unlogged) <= leftOut && leftOut <= untold, `${leftOut} left out, ${untold} untold: ${said}`);
  const figures = { requests: issued, abandoned, broken, cut, untold, answers: Object.fromEntries(answers) };
  return { ...figures, leftOut: Object.fromEntries(sampledOut) };
}

function totalOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
