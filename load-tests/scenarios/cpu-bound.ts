import type { RequestClass } from "../generator/plan.ts";
import type { Scenario, ScenarioRun, Stage } from "../scenario.ts";

import { compileClasses } from "../generator/client-class.ts";
import { largeOrder, largeOrderSchema } from "./large-order.ts";
import { askInTurn } from "./measures/closed-loop.ts";
import { boundOfGoodput } from "./measures/cpu-bound.ts";
import { goodputOf } from "./measures/goodput.ts";
import { watchLivez } from "./measures/livez.ts";
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

type Cost = { readonly microseconds: number; readonly answers: ReadonlyMap<number, number> };

/** CPU time of the first gateway's event loop while it is asked in turn, after a warm-up. */
async function costOf(stage: Pick<Stage, "gateways">, one: RequestClass, connections: number): Promise<Cost> {
  const [gateway] = stage.gateways;
  if (gateway === undefined) throw new TypeError("no gateway stands");
  const { port, pid } = gateway;
  const request = compileClasses({ seed: 0, ports: [port], classes: [one], phases: [] })[0]?.requests[0];
  if (request === undefined) throw new TypeError("no request was made");
  await askInTurn({ port, request, connections, seconds: calibration.warmUpSeconds });
  const before = mainThreadMicroseconds(pid);
  const answers = await askInTurn({ port, request, connections, seconds: calibration.seconds });
  return { microseconds: mainThreadMicroseconds(pid) - before, answers };
}

/** Requests a second that the event loop can serve; notes what serving and shedding one cost it. */
async function measureCapacity(stage: Omit<Stage, "capacity">): Promise<number> {
  const shed = await costOf(stage, refused, refusedConnections);
  const shedMicroseconds = shed.microseconds / (shed.answers.get(503) ?? 0);
  const served = await costOf(stage, orders, servedConnections);
  const sheds = (served.answers.get(503) ?? 0) * shedMicroseconds;
  const serveMicroseconds = (served.microseconds - sheds) / (served.answers.get(200) ?? 0);
  stage.note("shedMicroseconds", shedMicroseconds);
  stage.note("serveMicroseconds", serveMicroseconds);
  return 1_000_000 / serveMicroseconds;
}

/** Cost of a shed, of the cost of serving. */
function shedCost({ notes }: ScenarioRun): number {
  return (notes["shedMicroseconds"] ?? Number.NaN) / (notes["serveMicroseconds"] ?? Number.NaN);
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
  measureCapacity,
  prepare: (stage) => Promise.resolve(watchLivez(stage, "livezP99Ms")),
  phases: (isQuick) => [
    warmUp(isQuick),
    ...[0.5, 1, 2, 3].map((load) => ({ name: `${load}x`, seconds: isQuick ? 3 : 8, load })),
  ],
  thresholds: [
    {
      says: "goodput at 2 ×, of the most that is possible",
      of: (run) => goodputOf(run, "2x") / run.capacity / boundOfGoodput(2, shedCost(run)),
      unit: "ratio",
      atLeast: 0.85,
    },
    { says: "p99 of /livez", of: ({ notes }) => notes["livezP99Ms"] ?? Number.NaN, unit: "ms", atMost: 100 },
    {
      says: "CPU time to serve a request",
      of: ({ notes }) => notes["serveMicroseconds"] ?? Number.NaN,
      unit: "µs",
      atLeast: 150,
    },
    // Reported: the bound is made of it.
    { says: "cost of a shed, of the cost of serving", of: shedCost, unit: "ratio" },
  ],
};
