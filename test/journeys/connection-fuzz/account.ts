import assert from "node:assert/strict";

import type { GatewayProcess } from "../../support/gateway-process.ts";
import type { FuzzLedger } from "./ledger.ts";

import { readCounters } from "../chaos/counters.ts";

const logWithinMs = 5000;

function totalOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** Sets the access lines against the gateway's own counters: each code's lines and those left out are its requests. */
export async function account({ adminPort }: GatewayProcess, ledger: FuzzLedger): Promise<void> {
  const until = performance.now() + logWithinMs;
  let counters = await readCounters(adminPort);
  // The log is written a moment after the counters count.
  while (ledger.lineCount + totalOf(counters.sampledOut) < totalOf(counters.requests) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    counters = await readCounters(adminPort);
  }
  const { requests, sampledOut, droppedLines } = counters;
  assert.equal(droppedLines, 0);
  assert.equal(requests.get("internal") ?? 0, 0);
  const codes = new Set([...requests.keys(), ...ledger.lines.keys()]);
  const wrong = [...codes].filter((code) => {
    return (ledger.lines.get(code) ?? 0) + (sampledOut.get(code) ?? 0) !== (requests.get(code) ?? 0);
  });
  const said = wrong.map((code) => [code, ledger.lines.get(code), sampledOut.get(code), requests.get(code)]);
  assert.deepEqual(said, [], "by code: lines, lines left out, requests");
  const untold = [...ledger.untold];
  assert.ok(untold.length <= totalOf(sampledOut), `answers without a line: ${untold.slice(0, 5).join()}`);
}
