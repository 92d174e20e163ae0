import assert from "node:assert/strict";
import { test } from "node:test";

import { readCommandLine } from "../../../load-tests/runner/command-line.ts";
import { deployedPlan } from "../../../load-tests/runner/deployed.ts";

function planOf(...args: string[]) {
  const order = readCommandLine(args);
  assert.ok(order?.target !== undefined);
  return deployedPlan(order, order.target);
}

test("a deployed gateway is asked at rates around the one that is named", () => {
  const plan = planOf("--target", "http://gateway.example/orders", "--rate", "100", "--seconds", "3");
  assert.deepEqual([plan.host, plan.ports], ["gateway.example", [80]]);
  assert.deepEqual(plan.classes[0]?.fields, [["Host", "gateway.example"]]);
  assert.deepEqual([plan.classes[0]?.method, plan.classes[0]?.path], ["GET", "/orders"]);
  assert.deepEqual(
    plan.phases.map(({ ratePerSecond, seconds }) => [ratePerSecond, seconds]),
    [
      [50, 3],
      [80, 3],
      [100, 3],
      [150, 3],
      [200, 3],
    ],
  );
});

test("an IPv6 address loses its brackets for the socket, and keeps them in Host", () => {
  const plan = planOf("--target", "http://[::1]:8080", "--rate", "1", "--path", "/a");
  assert.deepEqual([plan.host, plan.ports, plan.classes[0]?.path], ["::1", [8080], "/a"]);
  assert.deepEqual(plan.classes[0]?.fields, [["Host", "[::1]:8080"]]);
});
