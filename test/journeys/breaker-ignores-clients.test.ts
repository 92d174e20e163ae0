import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "../support/stage.ts";
import { hanging } from "../support/upstream-scripts.ts";

async function breakerOf(stage: Stage): Promise<readonly unknown[]> {
  await stage.gateway.settled();
  const [target] = (await stage.gateway.upstreams())[0]?.targets ?? [];
  return [target?.breaker, target?.breakerReason];
}

test("clients with little time never move the breaker of a target that is slow", { timeout: 20_000 }, async () => {
  await using stage = new Stage();
  await stage.front(hanging, {
    upstream: { timeouts: { headers: "500ms" }, breaker: { minimumRequests: 1, errorRate: "1%" } },
    listen: { trustedProxies: ["127.0.0.1"], deadlineHeaders: ["grpc-timeout"] },
  });
  const hasty = { fields: [["grpc-timeout", "50m"]] } as const;
  await Promise.all(Array.from({ length: 20 }, () => stage.fails({ code: "deadline_exceeded" }, hasty)));
  assert.deepEqual(await breakerOf(stage), ["closed", "started"]);
  await stage.fails({ code: "upstream_headers_timeout" });
  assert.deepEqual(await breakerOf(stage), ["open", "error_rate"], "one that had all of its time does");
});
