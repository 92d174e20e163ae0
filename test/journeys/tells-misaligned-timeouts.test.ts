import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import type { LogLine } from "../support/log-lines.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";

/** The text that a finding points at, in the file it names. */
function pointedAt({ file, line, column }: LogLine): string {
  const lines = readFileSync(String(file), "utf8").split("\n");
  return (lines[Number(line) - 1] ?? "").slice(Number(column) - 1);
}

test("starts on misaligned timeouts, and logs each with its numbers and place", { timeout: 20_000 }, async () => {
  const listen = { drain: { grace: "0s", deadline: "14s" } };
  await using gateway = await spawnGateway(singleRoute({ target: "http://127.0.0.1:1", listen }));
  const line = await gateway.log.line(({ event }) => event === "alignment");
  const { level, key, finding, hint } = line;
  assert.deepEqual(
    { level, key, hint },
    { level: "warn", key: "listen.drain.deadline", hint: "set listen.drain.deadline to at least 15s" },
  );
  assert.match(
    String(finding),
    /^drain deadline ≥ longest route timeout does not hold: 14s ≥ 15s \[listen\.drain\.deadline at /,
  );
  assert.match(pointedAt(line), /^"14s"/);
  assert.equal((await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`)).status, 200);
});
