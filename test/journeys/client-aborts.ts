import assert from "node:assert/strict";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, hanging } from "../support/upstream-scripts.ts";

export interface AbortFigures {
  readonly clients: number;
  /** From the last abort until the upstream saw every connection end. */
  readonly releasedMs: number;
}

/** All clients leave at once while the upstream hangs: nothing of them may stay, and nobody takes it for a failure. */
export async function abortClients(clients: number): Promise<AbortFigures> {
  await using stage = new Stage();
  const upstream = await stage.front(hanging, {
    upstream: { concurrency: { limit: clients + 10 }, breaker: { minimumRequests: 1, errorRate: "1%" } },
    route: { timeout: "60s" },
  });
  const all = await Promise.all(Array.from({ length: clients }, () => stage.client()));
  for (const client of all) client.send(requestBytes());
  await upstream.request(clients);
  const began = performance.now();
  for (const client of all) client.reset();
  await until(() => upstream.openConnections === 0);
  await stage.gateway.settled();
  const releasedMs = Math.round(performance.now() - began);
  assert.ok(releasedMs < 1000, `released after ${releasedMs} ms`);

  const [service] = await stage.gateway.upstreams();
  assert.deepEqual(
    service?.targets.map(({ breaker, connections }) => ({ breaker, connections })),
    [{ breaker: "closed", connections: { busy: 0, idle: 0 } }],
  );
  const { log } = stage.gateway;
  await until(() => log.lines.filter((line) => line["event"] === "request").length === clients);
  const codes = new Set(log.lines.filter((line) => line["event"] === "request").map((line) => line["code"]));
  assert.deepEqual([...codes], ["client_closed"]);
  upstream.become(answering());
  assert.equal((await stage.ask()).status, 200);
  return { clients, releasedMs };
}
