import assert from "node:assert/strict";
import { join } from "node:path";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { LoadFigures } from "../support/steady-load.ts";

import { startChild } from "../../load-tests/peers/child.ts";
import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient } from "../support/raw-client.ts";
import { SteadyLoad } from "../support/steady-load.ts";
import { until } from "../support/until.ts";

export interface SlowAttack {
  readonly heads: number;
  /** Three of four to a route that reads bodies to validate them, the rest to one that streams. */
  readonly bodies: number;
  readonly headersTimeoutMs: number;
  readonly bodyGraceMs: number;
  /** Ordinary requests per second, before and meanwhile. */
  readonly ratePerSecond: number;
  readonly beforeMs: number;
}

export interface SlowAttackFigures {
  /** From an attacker's first byte to the end of its connection: the slowest of each kind. */
  readonly slowestHeadMs: number;
  readonly slowestBodyMs: number;
  readonly before: LoadFigures;
  readonly during: LoadFigures;
}

const attackersPerSecond = 400;
const drippingEveryMs = 500;

/** Slow heads and slow bodies all at once: each is told 408 and closed in its time, and nobody else notices. */
export async function attackSlowly(attack: SlowAttack): Promise<SlowAttackFigures> {
  // A process of its own: what the attackers cost the test's is not the gateway's doing.
  await using upstream = await startChild("service", [join(import.meta.dirname, "../../load-tests/peers/upstream.ts")]);
  await using gateway = await spawnGateway(configOf(`http://127.0.0.1:${upstream.port}`, attack));
  await using load = new SteadyLoad({ port: gateway.port, target: "/ordinary", ratePerSecond: attack.ratePerSecond });
  let warm = 0;
  await until(async () => (warm += (await load.figures()).served) >= attack.ratePerSecond); // one second's requests
  await new Promise((resolve) => setTimeout(resolve, attack.beforeMs));
  const before = await load.figures();
  const lasted = await Promise.all([
    ...(await begin(attack.heads, gateway, () => head)),
    ...(await begin(attack.bodies, gateway, (n) => (n % 4 === 0 ? streamedBody : validatedBody))),
  ]);
  const during = await load.figures();
  await until(async () => {
    const { connections } = await readStatus(gateway.adminPort);
    return connections.open <= 1 + attack.ratePerSecond;
  });
  return {
    slowestHeadMs: Math.round(Math.max(...lasted.slice(0, attack.heads))),
    slowestBodyMs: Math.round(Math.max(...lasted.slice(attack.heads))),
    before,
    during,
  };
}

const head = "GET /ordinary HTTP/1.1\r\nHost: api.test\r\nX-Slow: ";
const post = "HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n ";
const validatedBody = `POST /validated ${post}`;
const streamedBody = `POST /streamed ${post}`;

/** Connects at a pace that a kernel's backlog bears; each attacker begins at once and is not waited for. */
async function begin(count: number, gateway: GatewayProcess, beginning: (n: number) => string) {
  const lasting: Promise<number>[] = [];
  const began = performance.now();
  for (let n = 0; n < count; n += 1) {
    const client = await connectClient(gateway.port);
    lasting.push(lastSlowly(client, beginning(n)));
    const aheadMs = began + (n * 1000) / attackersPerSecond - performance.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  return lasting;
}

/** Drips until it is told 408; resolves with how long it lasted. */
async function lastSlowly(client: RawClient, beginning: string): Promise<number> {
  using attacker = client;
  const began = performance.now();
  attacker.send(beginning);
  const dripping = setInterval(() => attacker.send("x"), drippingEveryMs);
  try {
    const { status } = await attacker.response();
    clearInterval(dripping);
    assert.equal(status, 408);
    await attacker.ended;
    return performance.now() - began;
  } finally {
    clearInterval(dripping);
  }
}

function configOf(target: string, { headersTimeoutMs, bodyGraceMs }: SlowAttack) {
  return {
    listen: { headersTimeout: `${headersTimeoutMs}ms`, bodyGrace: `${bodyGraceMs}ms` },
    schemas: { "any.json": { type: "object" } },
    // The defaults otherwise: streamed bodies hold permits, of which there are a hundred.
    upstreams: { service: { targets: [target] } },
    routes: [
      { id: "ordinary", path: "/ordinary", upstream: "service" },
      { id: "validated", path: "/validated", upstream: "service", request: { body: { schema: "any.json" } } },
      { id: "streamed", path: "/streamed", upstream: "service" },
    ],
  };
}
