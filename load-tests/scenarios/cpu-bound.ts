import type { Answers } from "../generator/callers.ts";
import type { RequestClass } from "../generator/plan.ts";
import type { Scenario, ScenarioRun, Stage, Threshold } from "../scenario.ts";

import { Callers, countOf } from "../generator/callers.ts";
import { compileClasses } from "../generator/client-class.ts";
import { largeOrder, largeOrderSchema } from "./large-order.ts";
import { boundOfGoodput } from "./measures/cpu-bound.ts";
import { goodputOf } from "./measures/goodput.ts";
import { watchLivez } from "./measures/livez.ts";
import { busyShare, phaseOf } from "./measures/phase.ts";
import { mainThreadMicroseconds, threadTimeIsMissing } from "./measures/thread-time.ts";
import { patienceMs, warmUp } from "./ordinary.ts";

const orders: RequestClass = {
  name: "order",
  share: 1,
  method: "POST",
  path: "/orders",
  fields: [["Content-Type", "application/json"]],
  body: largeOrder(300),
  deadlineMs: patienceMs,
};
/** Refused before its body is read: what a shed costs. */
const refused: RequestClass = { ...orders, path: "/refused" };

const calibration = { warmUpSeconds: 2, seconds: 2 };
/** Enough to keep the gateway busy; hardly enough to overload it. */
const servedConnections = 3;
/** Refusals are so cheap that a few clients would not keep it busy. */
const refusedConnections = 16;

const judgedLoads = [2, 3];
/** p99 of the good answers, and of /livez. */
const mostAnswerMs = 350;
/** What a request has to cost for the generator to outrun the gateway. */
const leastMicroseconds = 150;
/** Of the time, the share in which an overloaded gateway has to work. */
const leastBusy = 0.9;

interface Cost {
  readonly microseconds: number;
  readonly answers: Answers;
}

/** CPU time of the first gateway's event loop while it is asked in turn, after a warm-up. */
async function costOf(stage: Pick<Stage, "gateways">, one: RequestClass, count: number): Promise<Cost> {
  const [gateway] = stage.gateways;
  if (gateway === undefined) throw new TypeError("no gateway stands");
  const { port, pid } = gateway;
  const request = compileClasses({ seed: 0, ports: [port], classes: [one], phases: [] })[0]?.requests[0];
  if (request === undefined) throw new TypeError("no request was made");
  using callers = await Callers.connect({ port, request, count });
  await callers.askInTurn(calibration.warmUpSeconds);
  const before = mainThreadMicroseconds(pid);
  const answers = await callers.askInTurn(calibration.seconds);
  return { microseconds: mainThreadMicroseconds(pid) - before, answers };
}

/** Requests a second that the event loop can serve; notes what serving and shedding one cost it. */
async function measureCapacity(stage: Omit<Stage, "capacity">): Promise<number> {
  const shed = await costOf(stage, refused, refusedConnections);
  const shedMicroseconds = shed.microseconds / countOf(shed.answers, 503);
  const served = await costOf(stage, orders, servedConnections);
  const sheds = countOf(served.answers, 503) * shedMicroseconds;
  const serveMicroseconds = (served.microseconds - sheds) / countOf(served.answers, 200);
  stage.note("shedMicroseconds", shedMicroseconds);
  stage.note("serveMicroseconds", serveMicroseconds);
  return 1_000_000 / serveMicroseconds;
}

/** Cost of a shed, of the cost of serving. */
function shedCost({ notes }: ScenarioRun): number {
  return (notes["shedMicroseconds"] ?? Number.NaN) / (notes["serveMicroseconds"] ?? Number.NaN);
}

function thresholdsAt(load: number): readonly Threshold[] {
  return [
    {
      says: `goodput at ${load} ×, of the most that is possible`,
      of: (run) => goodputOf(run, `${load}x`) / run.capacity / boundOfGoodput(load, shedCost(run)),
      unit: "ratio",
      atLeast: 0.85,
    },
    {
      says: `p99 of the good answers at ${load} ×`,
      of: (run) => phaseOf(run, `${load}x`).all.goodMs.p99,
      unit: "ms",
      atMost: mostAnswerMs,
    },
  ];
}

/** Where the generator does not outrun the gateway, there is no overload to be judged. */
function doubts(run: ScenarioRun): readonly string[] {
  const cost = run.notes["serveMicroseconds"] ?? Number.NaN;
  const needed = `${leastMicroseconds} are needed for the generator to outrun it`;
  const cheap = cost >= leastMicroseconds ? [] : [`a request costs the gateway ${cost.toFixed(0)} µs; ${needed}`];
  const idle = judgedLoads
    .map((load) => ({ load, share: busyShare(run, `${load}x`) }))
    .filter(({ share }) => share < leastBusy)
    .map(({ load, share }) => {
      const what = `the gateway worked ${Math.floor(100 * share)} % of the time at ${load} × its capacity`;
      return `${what}; ${100 * leastBusy} % are needed`;
    });
  return [...cheap, ...idle];
}

export const cpuBound: Scenario = {
  number: 2,
  name: "cpu-bound",
  question: "Does the gateway keep serving when its own CPU is what there is too little of?",
  isQuick: false,
  unmet: threadTimeIsMissing,
  // Never the bottleneck.
  services: [{ slots: 200, meanMs: 1 }],
  config: {
    // A limit that goes by latency would take the gateway's own for the service's.
    upstreams: { "service-1": { concurrency: { limit: 1000 } } },
    routes: [
      {
        id: "orders",
        methods: ["POST"],
        path: "/orders",
        upstream: "service-1",
        request: { body: { schema: largeOrderSchema, required: true } },
      },
      { id: "refused", path: "/refused", upstream: "service-1", maintenance: {} },
    ],
  },
  classes: [orders],
  // More than that, and new connections would be measured: they are accepted one by one.
  answerMs: mostAnswerMs,
  measureCapacity,
  prepare: (stage) => Promise.resolve(watchLivez(stage, "livezP99Ms")),
  phases: (isQuick) => [
    warmUp(isQuick),
    ...[0.5, 1, ...judgedLoads].map((load) => ({ name: `${load}x`, seconds: isQuick ? 3 : 8, load })),
  ],
  doubts,
  thresholds: [
    ...judgedLoads.flatMap(thresholdsAt),
    { says: "p99 of /livez", of: ({ notes }) => notes["livezP99Ms"] ?? Number.NaN, unit: "ms", atMost: mostAnswerMs },
    // Reported: the bound is made of the one; less than leastMicroseconds of the other makes the run invalid.
    { says: "cost of a shed, of the cost of serving", of: shedCost, unit: "ratio" },
    { says: "CPU time to serve a request", of: ({ notes }) => notes["serveMicroseconds"] ?? Number.NaN, unit: "µs" },
  ],
};
