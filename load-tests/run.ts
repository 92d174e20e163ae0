/** npm run load-test: what it can do is told by `--help`, and how to read what it finds by README.md beside this file. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Results, ScenarioResult } from "./report/results.ts";
import type { Order } from "./runner/command-line.ts";
import type { Watch } from "./runner/perform.ts";
import type { Catalogue } from "./runner/programme.ts";
import type { Screen } from "./runner/screen.ts";

import { limitScenarios } from "./limits/limit-scenarios.ts";
import { limitTable } from "./limits/limit-table.ts";
import { limits } from "./limits/limits.ts";
import { peerScenarios } from "./peers/peer-scenarios.ts";
import { peers } from "./peers/peers.ts";
import { reportPage } from "./report/page.ts";
import { UsageFault } from "./runner/arguments.ts";
import { readCommandLine, usage } from "./runner/command-line.ts";
import { performDeployed } from "./runner/deployed.ts";
import { Display } from "./runner/display.ts";
import { exitCodeOf, overallVerdict } from "./runner/judge.ts";
import { ownTrial } from "./runner/own-config.ts";
import { perform } from "./runner/perform.ts";
import { programmeOf } from "./runner/programme.ts";
import { scenarios } from "./scenarios/scenarios.ts";
import { thisMachine } from "./stage/machine.ts";
import { statuswise } from "./stage/statuswise.ts";

const badUsage = 2;
const interrupted = 130;

const { stdout } = process;
const screen: Screen = {
  write: (text) => void stdout.write(text),
  isTerminal: stdout.isTTY,
  hasColour: stdout.isTTY && stdout.hasColors() && (process.env["NO_COLOR"] ?? "") === "",
  width: () => stdout.columns,
};

const catalogue: Catalogue = { subject: statuswise(), scenarios, peers, peerScenarios, limits, limitScenarios };

async function performAll(order: Order, watch: Watch): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const keep = (result: ScenarioResult): void => {
    watch.display.result(result);
    results.push(result);
  };
  if (order.target !== undefined) keep(await performDeployed(order, order.target, watch));
  else if (order.config === undefined) {
    for (const trial of programmeOf(order, catalogue)) keep(await perform(trial, order, watch));
  } else {
    const { trial, remarks } = ownTrial(order, order.config);
    for (const remark of remarks) watch.display.remark(remark);
    keep(await perform(trial, order, watch));
  }
  return results;
}

async function loadTest(order: Order, command: string, signal: AbortSignal): Promise<number> {
  const display = new Display(screen);
  const startedAt = new Date();
  const told = await performAll(order, { display, signal });
  const comparisons = order.hasLimits ? [limitTable(told)] : [];
  const { mode, seed, runs, scale, out } = order;
  const results: Results = {
    version: 1,
    verdict: overallVerdict({ scenarios: told, comparisons }),
    mode,
    command,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    seed,
    runs,
    scale,
    machine: { ...thisMachine(), statuswise: ownVersion() },
    scenarios: told,
    comparisons,
  };
  display.summary(results, writeFiles(results, out));
  return exitCodeOf(results.verdict);
}

function writeFiles(results: Results, out: string): readonly string[] {
  const files = {
    [join(out, "results.json")]: JSON.stringify(results),
    [join(out, "report.html")]: reportPage(results),
  };
  mkdirSync(out, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
  return Object.keys(files);
}

function ownVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The first one ends what was started; who cannot wait for that sends another. */
function onInterrupt(stop: AbortController): void {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (stop.signal.aborted ? process.exit(interrupted) : stop.abort()));
  }
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  try {
    const order = readCommandLine(args);
    if (order === undefined) {
      console.log(usage);
      return 0;
    }
    onInterrupt(stop);
    return await loadTest(order, ["npm run load-test --", ...args].join(" "), stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return interrupted;
    if (!(error instanceof UsageFault)) throw error;
    console.error(`load-test: ${error.message}\n\n--help tells all options.`);
    return badUsage;
  }
}

process.exitCode = await main(process.argv.slice(2));
