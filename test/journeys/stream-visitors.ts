import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawUpstream, UpstreamScript } from "../support/raw-upstream.ts";
import type { VisitorKind } from "./visitor-kinds.ts";

import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { inTime, within } from "../support/within.ts";
import { firstLine } from "./visitor-kinds.ts";

export interface VisitFigures {
  readonly visits: number;
  /** From the leaving of a visitor, or of the last of a crowd, until nothing of it was left: the slowest. */
  readonly slowestReleaseMs: number;
}

const releasedWithinMs = 1000;
const startLimitMs = 30_000;

/** An upstream of its own for visitors in turn, with the default limit, and for visitors at once. */
const limits = { turn: 100, crowd: 300 };
type Lane = keyof typeof limits;
const lanes: readonly Lane[] = ["turn", "crowd"];

/** Visitors come and leave one after another, each once nothing is left of the one before. */
export async function visitInTurn(stage: VisitStage, visits: number): Promise<VisitFigures> {
  let slowestReleaseMs = 0;
  for (let n = 0; n < visits; n += 1) {
    const leave = await stage.visit("turn");
    leave();
    slowestReleaseMs = Math.max(slowestReleaseMs, await stage.released("turn"));
  }
  await stage.judge("turn", visits);
  return { visits, slowestReleaseMs };
}

/** Visitors come all together, and leave together once each has read the stream's first line. */
export async function visitAtOnce(stage: VisitStage, visits: number): Promise<VisitFigures> {
  const coming = Array.from({ length: visits }, () => stage.visit("crowd"));
  const leaves = await inTime(startLimitMs, "first line for each visitor", Promise.all(coming));
  assert.equal((await stage.left("crowd")).inFlight, visits, "the streams are in flight while the visitors are there");
  for (const leave of leaves) leave();
  const slowestReleaseMs = await stage.released("crowd");
  await stage.judge("crowd", visits);
  return { visits, slowestReleaseMs };
}

/** What is left of visitors. */
interface Left {
  /** By /status. */
  readonly inFlight: number;
  /** By /metrics: statuswise_in_flight. */
  readonly gauge: number;
  readonly busyConnections: number;
  /** Open connections that the upstream has; each carries a stream that has not ended. */
  readonly openUpstream: number;
}

/** Says one line and is silent from then on. NGINX would keep the line back if it were not told to pass it on. */
const sayingOneLine: UpstreamScript = async (connection) => {
  await connection.readRequest();
  const fields = "Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked";
  const event = `${firstLine}\n\n`;
  connection.write(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${event.length.toString(16)}\r\n${event}\r\n`);
};

type LaneUpstreams = Readonly<Record<Lane, RawUpstream>>;

/** The upstreams, the gateway, and what stands in front of it. */
export class VisitStage implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #upstreams: LaneUpstreams;
  readonly #gateway: GatewayProcess;
  readonly #visit: (target: string) => Promise<() => void>;

  private constructor(stack: AsyncDisposableStack, { upstreams, gateway, visit }: StageParts) {
    this.#stack = stack;
    this.#upstreams = upstreams;
    this.#gateway = gateway;
    this.#visit = visit;
  }

  static async open({ listen, front, visit }: VisitorKind): Promise<VisitStage> {
    await using stack = new AsyncDisposableStack();
    const upstreams = {
      turn: stack.use(await startUpstream(sayingOneLine)),
      crowd: stack.use(await startUpstream(sayingOneLine)),
    };
    const gateway = stack.use(await spawnGateway(configOf(upstreams, listen)));
    const port = front === undefined ? gateway.port : stack.use(await front(gateway.port)).port;
    return new VisitStage(stack.move(), { upstreams, gateway, visit: (target) => visit(port, target) });
  }

  /** Resolves once a visitor has read the first line, with how it leaves. */
  async visit(lane: Lane): Promise<() => void> {
    return this.#visit(`/${lane}`);
  }

  async left(lane: Lane): Promise<Left> {
    const { adminPort } = this.#gateway;
    const [status, metrics] = await Promise.all([
      readStatus(adminPort),
      fetch(`http://127.0.0.1:${adminPort}/metrics`).then((response) => response.text()),
    ]);
    const view = status.upstreams.find(({ upstream }) => upstream === lane);
    assert.ok(view !== undefined);
    return {
      inFlight: view.inFlight,
      gauge: Number(new RegExp(`^statuswise_in_flight\\{upstream="${lane}"\\} (\\d+)$`, "m").exec(metrics)?.[1]),
      busyConnections: view.targets.reduce((sum, { connections }) => sum + connections.busy, 0),
      openUpstream: this.#upstreams[lane].openConnections,
    };
  }

  /** Resolves with the time until nothing was left; throws where that is more than a second. */
  async released(lane: Lane): Promise<number> {
    return within(
      releasedWithinMs,
      () => this.left(lane),
      (left) => Object.values(left).every((count) => count === 0),
    );
  }

  /** Every visit is logged as left by its client, and the breaker has noticed nothing. */
  async judge(lane: Lane, visits: number): Promise<void> {
    const { log, adminPort } = this.#gateway;
    const codes = (): readonly unknown[] =>
      log.lines.filter(({ event, route }) => event === "request" && route === lane).map(({ code }) => code);
    await within(
      releasedWithinMs,
      () => codes().length,
      (lines) => lines >= visits,
    );
    assert.equal(codes().length, visits);
    assert.deepEqual([...new Set(codes())], ["client_closed"]);
    const { upstreams } = await readStatus(adminPort);
    const target = upstreams.find(({ upstream }) => upstream === lane)?.targets[0];
    assert.equal(target?.breaker, "closed");
    for (const [reason, opens] of Object.entries(target.breakerOpens)) assert.equal(opens, 0, reason);
    assert.deepEqual(this.#upstreams[lane].faults, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

interface StageParts {
  readonly upstreams: LaneUpstreams;
  readonly gateway: GatewayProcess;
  readonly visit: (target: string) => Promise<() => void>;
}

function configOf(upstreams: LaneUpstreams, listen: object = {}) {
  // One failure would open the breaker.
  const breaker = { minimumRequests: 1, errorRate: "1%" };
  const upstreamOf = (lane: Lane) => ({
    targets: [upstreams[lane].url],
    concurrency: { limit: limits[lane] },
    breaker,
  });
  return {
    listen: { ...listen },
    upstreams: Object.fromEntries(lanes.map((lane) => [lane, upstreamOf(lane)])),
    routes: lanes.map((lane) => ({ id: lane, path: `/${lane}`, upstream: lane })),
  };
}
