import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { Machine } from "../../gateway/breaker/machine.ts";

import { closedMachine, countSuccess, tell } from "../../gateway/breaker/machine.ts";

const window = { windowMs: 10_000, minimumRequests: 5 };

async function settled(machine: Machine): Promise<readonly unknown[]> {
  await new Promise(setImmediate);
  const { fires, successes, failures } = machine.stats;
  machine.shutdown();
  return [fires, successes, failures, machine.opened];
}

describe("a closed machine", () => {
  test("is the same whether its successes were counted or fired, and opens at the same failure", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (verdicts) => {
        const [counted, fired] = [closedMachine(0.5, window), closedMachine(0.5, window)];
        for (const isSuccess of verdicts) {
          if (counted.opened || fired.opened) break;
          if (isSuccess) countSuccess(counted);
          else tell(counted, false);
          tell(fired, isSuccess);
          await new Promise(setImmediate);
        }
        assert.deepEqual(await settled(counted), await settled(fired));
      }),
      { numRuns: 50 },
    );
  });
});
