/** npm run benchmark: what a request costs through the gateway and through other proxies. `--help` tells its options. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";

import type { Options } from "./benchmark/options.ts";
import type { BenchmarkResults } from "./benchmark/results.ts";

import { UsageFault } from "../runner/arguments.ts";
import { thisMachine } from "../stage/machine.ts";
import { chartOf } from "./benchmark/chart.ts";
import { measure } from "./benchmark/measure.ts";
import { readOptions, usage } from "./benchmark/options.ts";
import { installPackages } from "./benchmark/packages.ts";
import { errorsOf, pageWith } from "./benchmark/page.ts";
import { durationMsOf, planOf } from "./benchmark/plan.ts";
import { Progress } from "./benchmark/progress.ts";
import { gatewayOf, subjects } from "./benchmark/subjects.ts";
import { markdownOf, tablesOf, textOf } from "./benchmark/tables.ts";

const failed = 1;
const badUsage = 2;
const interrupted = 130;
/** A run that takes this many times as long as planned, and a minute, is stopped. */
const patience = 3;

const docs = join(import.meta.dirname, "../../docs");
const say = (line: string): void => console.log(line);

async function benchmark(options: Options, command: string, stop: AbortController): Promise<BenchmarkResults> {
  const startedAt = new Date();
  const machine = { ...thisMachine(), load: (loadavg()[0] ?? 0).toFixed(2) };
  const own = subjects.filter(({ name }) => options.subjects.includes(name));
  const chosen = options.against === undefined ? own : [gatewayOf(options.against), ...own];
  if (chosen.some(({ isPackage }) => isPackage)) installPackages(say);
  const { stdout } = process;
  const screen = { isTerminal: stdout.isTTY, write: (text: string) => void stdout.write(text) };
  const progress = new Progress(screen, () => performance.now());
  const expectedMs = durationMsOf(planOf(options, chosen), options);
  const tooLong = new Error("the run takes too long: it was stopped");
  const deadline = setTimeout(() => stop.abort(tooLong), expectedMs * patience + 60_000);
  try {
    const { cells, records } = await measure(options, chosen, { progress, signal: stop.signal, say });
    const { mode, rounds, sliceMs, warmUpMs, isFresh } = options;
    return {
      version: 1,
      command,
      mode,
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      machine,
      method: { rounds, sliceMs, warmUpMs, isFresh },
      subjects: records,
      cells,
    };
  } finally {
    clearTimeout(deadline);
    progress.end();
  }
}

function report(results: BenchmarkResults, { output, isPublished }: Options): number {
  const { machine } = results;
  const tables = tablesOf(results);
  say(
    `\nmachine   ${machine["processor"]}, ${machine["cores"]} cores, ${machine["memory"]}, ${machine["system"]}, load ${machine["load"]} before`,
  );
  say(`versions  node ${machine["node"]}, ${results.subjects.map((one) => `${one.name} ${one.version}`).join(", ")}`);
  for (const table of tables) say(`\n${textOf(table)}`);
  for (const { name, skipped } of results.subjects) if (skipped !== undefined) say(`\nskipped: ${name} (${skipped})`);
  const errors = errorsOf(results);
  say(`\n${errors}`);
  mkdirSync(output, { recursive: true });
  const keep = (file: string, text: string): void => {
    writeFileSync(file, text);
    say(file);
  };
  keep(join(output, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  keep(join(output, "tables.md"), `${tables.map(markdownOf).join("\n\n")}\n`);
  keep(join(output, "chart.svg"), chartOf(results));
  const isSound = results.cells.every(({ figures }) => figures.every((one) => one.errors === 0));
  if (isPublished && isSound) {
    const page = join(docs, "performance.md");
    keep(page, pageWith(readFileSync(page, "utf8"), results));
    keep(join(docs, "performance.svg"), chartOf(results));
  }
  return isSound ? 0 : failed;
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const interruption = new Error("interrupted");
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (stop.signal.aborted ? process.exit(interrupted) : stop.abort(interruption)));
  }
  try {
    const options = readOptions(args);
    if (options === undefined) {
      say(usage);
      return 0;
    }
    // The results may be published: they name no folder of this machine.
    const told = args.map((arg) => arg.replace(/(^|=)[/~].*/, "$1DIR"));
    const command = ["npm run benchmark", ...(told.length > 0 ? ["--", ...told] : [])].join(" ");
    return report(await benchmark(options, command, stop), options);
  } catch (error) {
    if (stop.signal.reason === interruption) return interrupted;
    console.error(`benchmark: ${(error as Error).message}`);
    if (!(error instanceof UsageFault)) return failed;
    console.error("\n--help tells all options.");
    return badUsage;
  }
}

process.exitCode = await main(process.argv.slice(2));
