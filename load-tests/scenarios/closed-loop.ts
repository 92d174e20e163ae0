import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Answers } from "../generator/callers.ts";
import type { Request } from "../peers/workloads.ts";
import type { Scenario, ScenarioRun, Stage, Threshold } from "../scenario.ts";

import { Callers, countOf } from "../generator/callers.ts";
import { get, post } from "../peers/workloads.ts";
import { goodShare } from "./measures/goodput.ts";
import { phaseOf } from "./measures/phase.ts";
import { threadTimeIsMissing, whileWorking } from "./measures/thread-time.ts";
import { patienceMs } from "./ordinary.ts";

const crowds = [100, 500, 1000] as const;
/** These are also asked for all at once, on connections that have been idle. */
const burstsFrom = 500;
const burstRounds = 3;
const idleMs = 1000;
const crowdSeconds = 10;
/**
 * Goodput is compared in short turns of one process, with shedding or without it: machines change meanwhile, and two
 * processes of the same config differ by several percent. Each comes first as often as the other.
 */
const turns = [false, true, true, false, false, true, true, false];
const turnSeconds = 2;
const warmUp = { seconds: 3, count: 64 };
/** Where a gateway works less than this share of the time, something else is the bottleneck. */
const leastBusy = 0.8;

const kinds = [get, post];

/** What a crowd was answered, and for what share of the time its gateway worked. */
interface Work {
  readonly result: Answers;
  readonly share: number;
}

type Measure = "refused" | "refused at once" | "goodput" | "busy";

function nameOf(kind: Request, count: number, measure: Measure): string {
  return `${kind.name}, ${count} connections, ${measure}`;
}

async function measureAll(stage: Stage): Promise<void> {
  const { port } = gatewayOf(stage);
  for (const { request } of kinds) {
    using callers = await Callers.connect({ port, request, count: warmUp.count });
    await callers.askInTurn(warmUp.seconds);
  }
  for (const kind of kinds) for (const count of crowds) await measureCrowd(stage, kind, count);
}

/** The crowd asks the gateway, and then the same process without shedding and with it in turn. */
async function measureCrowd(stage: Stage, kind: Request, count: number): Promise<void> {
  const { port, pid, shed } = gatewayOf(stage);
  const note = (measure: Measure, value: number): void => stage.note(nameOf(kind, count, measure), value);
  using callers = await Callers.connect({ port, request: kind.request, count });
  const ask = (seconds: number) => whileWorking(pid, () => callers.askInTurn(seconds));
  const long = await ask(crowdSeconds);
  if (count >= burstsFrom) note("refused at once", await refusedAtOnce(callers));
  const [shedding, plain]: [Work[], Work[]] = [[], []];
  for (const isShedding of turns) {
    await shed(isShedding);
    (isShedding ? shedding : plain).push(await ask(turnSeconds));
  }
  note("refused", sum([long, ...shedding].map(({ result }) => refusedOf(result))));
  note("goodput", goodputOf(shedding) / goodputOf(plain));
  note("busy", Math.min(long.share, busyShareOf(shedding), busyShareOf(plain)));
}

async function refusedAtOnce(callers: Callers): Promise<number> {
  let refused = 0;
  for (let round = 0; round < burstRounds; round += 1) {
    await delay(idleMs);
    refused += refusedOf(await callers.askAtOnce());
  }
  return refused;
}

function gatewayOf({ gateways: [gateway] }: Pick<Stage, "gateways">) {
  if (gateway?.reconfigure === undefined) throw new TypeError("the scenario needs a gateway that can be reconfigured");
  const { port, pid, reconfigure } = gateway;
  return { port, pid, shed: async (enabled: boolean) => reconfigure({ shedding: { enabled } }) };
}

/** Whatever was not answered with 200, for whatever reason. */
function refusedOf(answers: Answers): number {
  const all = [...answers.statuses.values()].reduce((total, times) => total + times, 0);
  return all - countOf(answers, 200) + answers.broken;
}

function busyShareOf(works: readonly Work[]): number {
  return sum(works.map(({ share }) => share)) / works.length;
}

function goodputOf(works: readonly Work[]): number {
  const good = sum(works.map(({ result }) => countOf(result, 200)));
  return good / sum(works.map(({ result }) => result.seconds));
}

function thresholdsOf(kind: Request): readonly Threshold[] {
  const noted = ({ notes }: ScenarioRun, measure: Measure, from = 0): readonly number[] =>
    crowds.filter((count) => count >= from).map((count) => notes[nameOf(kind, count, measure)] ?? Number.NaN);
  return [
    {
      says: `${kind.name}: refused in closed loops of 100, 500 and 1,000`,
      of: (run) => sum(noted(run, "refused")),
      unit: "count",
      atMost: 0,
    },
    {
      says: `${kind.name}: refused of 500 and of 1,000 at once`,
      of: (run) => sum(noted(run, "refused at once", burstsFrom)),
      unit: "count",
      atMost: 0,
    },
    {
      says: `${kind.name}: goodput of the closed loop with the least, of that without shedding`,
      of: (run) => Math.min(...noted(run, "goodput")),
      unit: "ratio",
      atLeast: 0.95,
    },
    // Reported: less than leastBusy makes the run invalid.
    {
      says: `${kind.name}: share of the time in which the gateway worked, at least`,
      of: (run) => Math.min(...noted(run, "busy")),
      unit: "ratio",
    },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A gateway that waits for its clients would serve them whole whatever its shedder does. */
function doubts({ notes }: ScenarioRun): readonly string[] {
  const shares = kinds.flatMap((kind) =>
    crowds.map((count) => ({ kind, count, share: notes[nameOf(kind, count, "busy")] ?? 0 })),
  );
  return shares
    .filter(({ share }) => share < leastBusy)
    .map(({ kind, count, share }) => {
      const percent = Math.floor(100 * share);
      const what = `${kind.name}: ${count} connections kept the gateway busy for ${percent} % of the time`;
      return `${what}; ${100 * leastBusy} % are needed`;
    });
}

export const closedLoop: Scenario = {
  number: 2,
  name: "closed-loop",
  question: "Does the gateway serve a crowd that waits for its answers, and one that comes all at once, whole?",
  isQuick: false,
  unmet: threadTimeIsMissing,
  services: [{ slots: 1, meanMs: 1, isBare: true }],
  config: {
    // Only the shedder may refuse.
    upstreams: { "service-1": { concurrency: { limit: 10_000 } } },
    routes: [
      { id: "get-order", methods: ["GET"], path: "/orders/{id}", upstream: "service-1" },
      {
        id: "create-order",
        methods: ["POST"],
        path: "/orders",
        upstream: "service-1",
        request: {
          body: { schema: join(import.meta.dirname, "../../config/demo/schemas/order.json"), required: true },
        },
      },
    ],
  },
  classes: [{ name: "get", share: 1, path: "/orders/ord-1", deadlineMs: patienceMs }],
  async prepare(stage) {
    await measureAll(stage);
    return { async [Symbol.asyncDispose]() {} };
  },
  phases: () => [{ name: "after", seconds: 6, load: 1, per: 200 }],
  doubts,
  thresholds: [
    ...kinds.flatMap(thresholdsOf),
    {
      says: "good answers to an open loop afterwards, of the offered",
      of: (run) => goodShare(phaseOf(run, "after").all),
      unit: "ratio",
      atLeast: 1,
    },
  ],
};
