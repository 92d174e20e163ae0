import assert from "node:assert/strict";
import { test } from "node:test";

import type { RawClient } from "../support/raw-client.ts";

import { singleRoute } from "../support/config-file.ts";
import { readStatus, startTestGateway } from "../support/gateway-harness.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const headersTimeoutMs = 100;
/** Of Node's sweeps for late heads. */
const sweepMs = 250;

/** Holds the event loop, and with it the gateway in this process, until the sweep for late heads is due. */
function stall(): void {
  const endsAt = performance.now() + headersTimeoutMs + 2 * sweepMs;
  while (performance.now() < endsAt);
}

async function assertAnsweredOnce(client: RawClient, status: number): Promise<void> {
  assert.equal((await client.response()).status, status);
  client.send(requestBytes({ target: "/elsewhere", fields: [["Connection", "close"]] }));
  assert.equal((await client.response()).status, status);
  await client.ended;
}

test("a head that came while the gateway was held up is answered, once", { timeout: 10_000 }, async () => {
  const shape = singleRoute({
    target: "http://127.0.0.1:9",
    route: { path: "/only" },
    listen: { headersTimeout: `${headersTimeoutMs}ms` },
  });
  await using gateway = await startTestGateway(shape);
  using silent = await connectClient(gateway.port);
  using halfway = await connectClient(gateway.port);
  const head = requestBytes({ target: "/nowhere" });
  halfway.send(head.subarray(0, 10));
  await until(async () => (await readStatus(gateway.adminPort)).connections.open === 2);
  silent.send(head);
  halfway.send(head.subarray(10));
  stall();
  await assertAnsweredOnce(silent, 404);
  await assertAnsweredOnce(halfway, 404);
});
