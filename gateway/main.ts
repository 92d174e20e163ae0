#!/usr/bin/env node
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";

import type { StartSurroundings } from "./commands/terminal.ts";

import { check } from "./commands/check.ts";
import { failures } from "./commands/failures.ts";
import { start } from "./commands/start.ts";

const usage = `statuswise: a reverse-proxy gateway that answers every failure with its one right status

  statuswise start --config FILE                       run the gateway
  statuswise check --config FILE [--strict] [--json]   find what is wrong with a configuration
  statuswise demo                                      a sample API that misbehaves, behind a gateway
  statuswise failures [CODE]                           the failure map, or one row of it`;

const surroundings: StartSurroundings = {
  environment: process.env,
  hostName: hostname(),
  isTerminal: process.stdout.isTTY,
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  onSignal(stop) {
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  },
  onReload: (reload) => void process.on("SIGHUP", reload),
  exit: (code) => process.exit(code),
};

/** A command line nobody can mean is answered like a bad configuration. */
const badUsage = 2;

function run(args: readonly string[]): number | Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: "string" },
      strict: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [command, operand] = positionals;
  const { config, strict, json } = values;
  if (values.help || command === undefined || command === "help") return print(usage);
  if (command === "failures") return failures(operand, surroundings);
  if (command === "demo") return runDemo();
  if (command !== "start" && command !== "check") return complain(`there is no command '${command}'`);
  if (config === undefined) return complain(`'${command}' needs --config FILE`);
  if (command === "start") return start({ config }, surroundings);
  return check({ config, strict, json }, surroundings);
}

/** Loaded for this command alone. */
async function runDemo(): Promise<number> {
  const { demo } = await import("./commands/demo.ts");
  return demo(surroundings);
}

function print(text: string): number {
  surroundings.out(text);
  return 0;
}

function complain(fault: string): number {
  surroundings.error(`statuswise: ${fault}\n\n${usage}`);
  return badUsage;
}

async function main(): Promise<number> {
  try {
    return await run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError) || !("code" in error)) throw error;
    return complain(error.message);
  }
}

// V8 may take a request's first objects for long-lived ones and put them where only a full collection looks; all else of
// the request hangs on them and is copied there, too, in pauses of 10 ms. See docs/decisions/0012-short-pauses.md.
setFlagsFromString("--no-allocation-site-pretenuring");
process.exitCode = await main();
