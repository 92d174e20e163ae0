import assert from "node:assert/strict";
import { test } from "node:test";

import { generate } from "../../../load-tests/generator/client.ts";
import { refusedPort } from "../../support/dead-ports.ts";
import { startUpstream } from "../../support/raw-upstream.ts";
import { answering } from "../../support/upstream-scripts.ts";
import { planOf, request } from "./load-under-test.ts";

const phases = [
  { name: "first", seconds: 0.3, ratePerSecond: 100, spacing: "constant" },
  { name: "second", seconds: 0.3, ratePerSecond: 100, spacing: "constant" },
] as const;

test("a plan is carried out in another process, which tells of phases and buckets as they come", async () => {
  await using upstream = await startUpstream(answering());
  const told: string[] = [];
  const result = await generate(planOf({ ports: [upstream.port], phases }), {
    onPhase: (name, atMs) => told.push(`${name} at ${atMs}`),
    onBucket: ({ atMs, offered }) => told.push(`bucket ${atMs}: ${offered}`),
  });
  assert.deepEqual(told, ["first at 0", "bucket 0: 25", "second at 300", "bucket 250: 25"]);
  assert.deepEqual(
    result.phases.map(({ name, all }) => [name, all.good]),
    [
      ["first", 30],
      ["second", 30],
    ],
  );
  assert.equal(result.validity.offered, 60);
});

test("a host may be told by name", async () => {
  await using upstream = await startUpstream(answering());
  const result = await generate(planOf({ host: "localhost", ports: [upstream.port], phases: [phases[0]] }));
  assert.equal(result.phases[0]?.all.good, 30);
  assert.deepEqual(upstream.requests[0]?.fields, [["Host", `localhost:${upstream.port}`]]);
});

test("an aborted signal ends the load and its process", async () => {
  await using upstream = await startUpstream(answering());
  const stopping = new AbortController();
  const plan = planOf({ ports: [upstream.port], phases: [{ name: "long", seconds: 600, ratePerSecond: 50 }] });
  const load = generate(plan, { signal: stopping.signal, onBucket: () => stopping.abort(new Error("enough")) });
  await assert.rejects(load, /enough/);
  await Promise.all(upstream.connections.map(({ ended }) => ended));
  await assert.rejects(generate(plan, { signal: stopping.signal }), /enough/);
});

test("where nobody listens the load does not begin", async () => {
  const port = await refusedPort();
  const load = generate(planOf({ ports: [port], classes: [request], phases }));
  await assert.rejects(load, /the load could not begin: .*ECONNREFUSED/);
});
