import { parseOptions, readNumber, UsageFault } from "./arguments.ts";
import { nearest } from "./nearest.ts";

/** What the command line asks for. */
export interface Order {
  readonly mode: "quick" | "full" | "scenarios" | "config" | "target" | "peers" | "limits";
  /** With --full and with --scenario alone phases have their whole length. */
  readonly isQuick: boolean;
  /** Named with --scenario. */
  readonly names: readonly string[];
  readonly hasPeers: boolean;
  readonly hasLimits: boolean;
  readonly config: string | undefined;
  readonly target: URL | undefined;
  readonly rate: number | undefined;
  readonly seconds: number;
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly bodyFile: string | undefined;
  readonly slots: number;
  readonly meanMs: number;
  readonly out: string;
  readonly seed: number;
  readonly runs: number;
  readonly scale: number;
}

export const usage = `npm run load-test -- [what to test] [options]

What to test (without any of these: --quick)
  --quick               scenarios 1, 3, 4, 5 and 12 with short phases: at most 90 s
  --full                every scenario, three runs each, judged on the medians: about 40 minutes
  --scenario NAME       this one, at full length; may be repeated; with --quick, its short phases
  --config FILE         your own gateway config, its upstreams replaced by simulated services, from 0.5 to 5 times
                        what those can serve
  --target URL          a gateway that is deployed somewhere, at rates around --rate; http only. It is a real load
                        on whatever stands behind it
  --peers               statuswise beside NGINX, HAProxy and a bare http-proxy, where these are installed: about ten
                        minutes; with --quick, --full or --scenario, beside those
  --limits              the knee limit beside fixed ones, Gradient2 and HAProxy: about twelve minutes

For --config and --target
  --path PATH           what is asked; default: of a config, the first route that needs no body; of a URL, its path
  --method METHOD       default GET, or POST with --body
  --body FILE           sent as application/json
  --slots N             of each simulated service: requests served at once (default 10)
  --mean MS             its mean service time (default 20): the two give a capacity of slots / mean
  --rate N              requests per second to the target that count as 1 ×
  --seconds N           length of each phase (default 8)

For all
  --runs N              of each scenario (default 3 with --full, else 1)
  --seed N              of request and service times (default 1)
  --scale FACTOR        phases this much longer or shorter; below 1, take verdicts with care
  --out DIR             where results.json and report.html go (default load-tests/results)
  --help

Exit code: 0 passed, 1 a threshold missed, 2 a wrong command line, 3 a scenario could not be measured, 130 interrupted.`;

const options = {
  quick: { type: "boolean" },
  full: { type: "boolean" },
  scenario: { type: "string", multiple: true },
  config: { type: "string" },
  target: { type: "string" },
  peers: { type: "boolean" },
  limits: { type: "boolean" },
  path: { type: "string" },
  method: { type: "string" },
  body: { type: "string" },
  slots: { type: "string" },
  mean: { type: "string" },
  rate: { type: "string" },
  seconds: { type: "string" },
  runs: { type: "string" },
  seed: { type: "string" },
  scale: { type: "string" },
  out: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Reads the command line; undefined where it asks for help. Throws UsageFault. */
export function readCommandLine(args: readonly string[]): Order | undefined {
  const values = parseKnown(args);
  if (values.help === true) return undefined;
  const kinds = (["config", "target", "limits"] as const).filter((name) => values[name] !== undefined);
  if (kinds.length > 1) throw new UsageFault(`--${kinds[0]} and --${kinds[1]} are two different tests: choose one`);
  const mode = modeOf(values);
  refuseUseless(mode, values);
  const target = values.target === undefined ? undefined : readTarget(values.target);
  if (target !== undefined && values.rate === undefined) throw new UsageFault("--target needs --rate N");
  return {
    mode,
    isQuick: values.quick === true || (values.full !== true && values.scenario === undefined),
    names: values.scenario ?? [],
    hasPeers: values.peers === true,
    hasLimits: values.limits === true,
    config: values.config,
    target,
    path: values.path,
    method: values.method,
    bodyFile: values.body,
    rate: values.rate === undefined ? undefined : readNumber("rate", values.rate, { min: 0.1, max: 100_000 }),
    seconds: readNumber("seconds", values.seconds ?? "8", { min: 1, max: 3600 }),
    slots: readNumber("slots", values.slots ?? "10", { min: 1, max: 100_000, isWhole: true }),
    meanMs: readNumber("mean", values.mean ?? "20", { min: 0.1, max: 60_000 }),
    runs: readNumber("runs", values.runs ?? (values.full === true ? "3" : "1"), { min: 1, max: 99, isWhole: true }),
    seed: readNumber("seed", values.seed ?? "1", { min: 0, max: 2 ** 31 - 1, isWhole: true }),
    scale: readNumber("scale", values.scale ?? "1", { min: 0.01, max: 100 }),
    out: values.out ?? "load-tests/results",
  };
}

type Values = ReturnType<typeof parseKnown>;

function parseKnown(args: readonly string[]) {
  return parseOptions(args, options);
}

function modeOf(values: Values): Order["mode"] {
  if (values.config !== undefined) return "config";
  if (values.target !== undefined) return "target";
  if (values.limits === true) return "limits";
  if (values.scenario !== undefined) return "scenarios";
  if (values.full === true && values.quick === true) throw new UsageFault("--quick or --full, not both");
  if (values.full === true) return "full";
  return values.peers === true && values.quick !== true ? "peers" : "quick";
}

/** An option that would do nothing is a misunderstanding: better told than ignored. */
function refuseUseless(mode: Order["mode"], values: Values): void {
  const own = mode === "config" || mode === "target";
  const useless: ReadonlyArray<readonly [name: keyof Values, isUseful: boolean]> = [
    ["path", own],
    ["method", own],
    ["body", own],
    ["seconds", own],
    ["slots", mode === "config"],
    ["mean", mode === "config"],
    ["rate", mode === "target"],
    ["scenario", !own],
    ["peers", !own && mode !== "limits"],
  ];
  for (const [name, isUseful] of useless) {
    if (isUseful || values[name] === undefined) continue;
    throw new UsageFault(
      `--${name} says nothing here${own ? ` beside --${mode}` : ": it goes with --config or --target"}`,
    );
  }
}

function readTarget(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "http:" || url.username !== "" || url.search + url.hash !== "") {
    throw new UsageFault("--target takes an http:// URL without credentials, query or fragment");
  }
  return url;
}

/** The scenarios of these names, in the order of the list. Throws UsageFault with the name that was probably meant. */
export function named<T extends { readonly name: string }>(names: readonly string[], all: readonly T[]): readonly T[] {
  const known = all.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are: ${known.join(", ")}` : `did you mean '${meant}'?`;
    throw new UsageFault(`there is no scenario '${name}'; ${hint}`);
  }
  return all.filter(({ name }) => names.includes(name));
}
