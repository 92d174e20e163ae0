import assert from "node:assert/strict";
import { test } from "node:test";

import { singleRoute } from "../support/config-file.ts";
import { refusedPort } from "../support/dead-ports.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

test("an upstream with one dead target of three keeps serving", { timeout: 15_000 }, async () => {
  await using stage = new Stage();
  const living = [await stage.upstream(answering()), await stage.upstream(answering())];
  await stage.start(
    singleRoute({
      target: `http://127.0.0.1:${await refusedPort()}`,
      targets: living.map(({ url }) => url),
      upstream: { balance: "round-robin", breaker: { minimumRequests: 3, open: "60s" } },
    }),
  );
  const statuses: number[] = [];
  for (let n = 0; n < 60; n += 1) statuses.push((await stage.ask()).status);
  // Without a retry policy each failure that the breaker needs to learn reaches a client, and none after that.
  assert.equal(statuses.filter((status) => status === 502).length, 3, statuses.join(" "));
  assert.equal(statuses.filter((status) => status === 200).length, 57);
  assert.deepEqual([...new Set(statuses.slice(15))], [200]);
  const [service] = await stage.gateway.upstreams();
  assert.deepEqual(service?.targets.map(({ breaker }) => breaker).toSorted(), ["closed", "closed", "open"]);
  for (const { requests } of living) assert.ok(requests.length > 20, "both living targets share the load");
});
