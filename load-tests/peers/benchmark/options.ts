import { parseOptions, readNumber, UsageFault } from "../../runner/arguments.ts";
import { nearest } from "../../runner/nearest.ts";
import { subjects } from "./subjects.ts";
import { usualConnections, workloads } from "./workload.ts";

/** What the command line asks for. */
export interface Options {
  readonly mode: "quick" | "full";
  /** Names, in the order of the list. */
  readonly subjects: readonly string[];
  readonly workloads: readonly string[];
  /** Keep-alive connections of the GET, one cell each. */
  readonly connections: readonly number[];
  /** Slices of each cell and subject. */
  readonly rounds: number;
  readonly sliceMs: number;
  readonly warmUpMs: number;
  /** Whether each round has processes of its own: two processes of the same code differ by some percent. */
  readonly isFresh: boolean;
  /** A second checkout, whose gateway is a further subject. */
  readonly against: string | undefined;
  /** Where results.json, the tables and the chart go. */
  readonly output: string;
  /** Whether docs/performance.md and its chart are written anew. */
  readonly isPublished: boolean;
}

const modes = {
  quick: { connections: [usualConnections], rounds: 3, sliceMs: 400, warmUpMs: 400 },
  full: { connections: [1, 16, 64, 256, 1000], rounds: 5, sliceMs: 1_500, warmUpMs: 750 },
} as const;

const subjectNames = subjects.map(({ name }) => name);
const workloadNames = workloads.map(({ name }) => name);

export const usage = `npm run benchmark -- [options]

The cost of a request through the gateway and through other proxies, measured side by side on this machine.

  --quick               3 rounds of 0.4 s, 64 connections: about a minute and a half (default)
  --full                5 rounds of 1.5 s, each on processes of its own, and GETs over 1, 16, 64, 256 and 1,000
                        connections: about seventeen minutes
  --subjects LIST       of ${subjectNames.join(", ")} (default all)
  --workloads LIST      of ${workloadNames.join(", ")} (default all)
  --connections LIST    keep-alive connections of the GET, 1 to 5000 each, such as 1,16,64
  --rounds N            slices for each subject and workload, 1 to 99
  --slice MS            length of a slice and of the warm-up before the first, 100 to 60000
  --against DIR         a further gateway, of another checkout with its packages installed, for a before and after;
                        each round on processes of its own
  --output DIR          where results.json, tables.md and chart.svg go (default load-tests/results/benchmark)
  --publish             write docs/performance.md and docs/performance.svg anew
  --help

LIST is separated by commas. Programs that are not installed are skipped, and the output says so.
Exit code: 0 measured, 1 an answer was wrong or failed, 2 a wrong command line, 130 interrupted.`;

const known = {
  quick: { type: "boolean" },
  full: { type: "boolean" },
  subjects: { type: "string" },
  workloads: { type: "string" },
  connections: { type: "string" },
  rounds: { type: "string" },
  slice: { type: "string" },
  against: { type: "string" },
  output: { type: "string" },
  publish: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Reads the command line; undefined where it asks for help. Throws UsageFault. */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parseOptions(args, known);
  if (values.help === true) return undefined;
  if (values.quick === true && values.full === true) throw new UsageFault("--quick or --full, not both");
  const mode = values.full === true ? "full" : "quick";
  const chosen = readNames("workloads", values.workloads, workloadNames);
  if (values.connections !== undefined && !chosen.includes("get")) {
    throw new UsageFault("--connections says nothing here: it goes with the workload get");
  }
  const { rounds, sliceMs, warmUpMs, connections } = modes[mode];
  const length = values.slice === undefined ? undefined : readNumber("slice", values.slice, { min: 100, max: 60_000 });
  return {
    mode,
    subjects: readNames("subjects", values.subjects, subjectNames),
    workloads: chosen,
    connections: values.connections === undefined ? connections : readConnections(values.connections),
    rounds: readNumber("rounds", values.rounds ?? String(rounds), { min: 1, max: 99, isWhole: true }),
    sliceMs: length ?? sliceMs,
    warmUpMs: length ?? warmUpMs,
    isFresh: mode === "full" || values.against !== undefined,
    against: values.against,
    output: values.output ?? "load-tests/results/benchmark",
    isPublished: values.publish === true,
  };
}

function readNames(option: string, text: string | undefined, all: readonly string[]): readonly string[] {
  if (text === undefined) return all;
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (all.includes(name)) continue;
    const meant = nearest(name, all);
    const hint = meant === undefined ? `there are: ${all.join(", ")}` : `did you mean '${meant}'?`;
    throw new UsageFault(`--${option}: there is no '${name}'; ${hint}`);
  }
  return all.filter((name) => names.includes(name));
}

function readConnections(text: string): readonly number[] {
  const counts = text
    .split(",")
    .map((count) => readNumber("connections", count.trim(), { min: 1, max: 5000, isWhole: true }));
  return [...new Set(counts)].toSorted((a, b) => a - b);
}
