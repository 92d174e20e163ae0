import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { TestGateway } from "../support/gateway-harness.ts";

import { readStatus } from "../support/gateway-harness.ts";
import { valueOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering } from "../support/upstream-scripts.ts";

const bounded = { timeout: 30_000 };

/** Any heap is too full for this. */
const tooFull = { heap: { from: "0.1%", to: "0.1%" } };

async function metric({ adminPort }: TestGateway, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length));
}

async function pressureOf({ adminPort }: TestGateway): Promise<number> {
  return (await readStatus(adminPort)).shedding.pressure;
}

describe("a process that has too much to do", bounded, () => {
  test("refuses on connections that go on, with a wait drawn from one to three seconds, and the upstream is not asked", async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(), { shedding: tooFull, log: { shedsPerSecond: 100 } });
    await until(async () => (await pressureOf(stage.gateway)) === 1);
    const waits = new Set<string | undefined>();
    const client = await stage.client();
    for (let n = 0; n < 40; n += 1) {
      client.send(requestBytes());
      const { fields } = await client.response();
      assert.notEqual(valueOf(fields, "connection"), "close");
      waits.add(valueOf(fields, "retry-after"));
    }
    assert.deepEqual(
      [...waits].toSorted((one, other) => Number(one) - Number(other)),
      ["1", "2", "3"],
    );
    await stage.fails({ code: "overloaded", retryAfterAtLeast: 1 });
    await stage.fails({ code: "overloaded" }, { method: "HEAD" });
    await stage.fails({ code: "overloaded" }, { method: "POST", body: "{}" });
    assert.equal(upstream.connections.length, 0);
  });

  test("still answers its admin port, which says why", async () => {
    await using stage = new Stage();
    await stage.front(answering(), { shedding: tooFull });
    await until(async () => (await pressureOf(stage.gateway)) === 1);
    for (const path of ["/livez", "/readyz"]) {
      assert.equal((await fetch(`http://127.0.0.1:${stage.gateway.adminPort}${path}`)).status, 200);
    }
    await stage.fails({ code: "overloaded" });
    assert.equal(await metric(stage.gateway, "statuswise_shedding_pressure"), 1);
    assert.equal(await metric(stage.gateway, 'statuswise_shed_total{reason="overloaded"}'), 1);
  });

  test("is left alone after a reload that switches this off", async () => {
    await using stage = new Stage();
    const upstream = await stage.upstream(answering());
    const shape = { upstreams: { a: { targets: [upstream.url] } }, routes: [{ id: "a", path: "/*", upstream: "a" }] };
    await stage.start({ ...shape, shedding: tooFull });
    await until(async () => (await pressureOf(stage.gateway)) === 1);
    stage.gateway.reload(shape);
    assert.equal((await stage.ask()).status, 200);
  });
});

test("a thousand refusals are lines and a counter, together a thousand", bounded, async () => {
  const total = 1000;
  await using stage = new Stage();
  await stage.front(answering(), { route: { maintenance: { retryAfter: "5s" } }, log: { shedsPerSecond: 5 } });
  const { gateway } = stage;
  const client = await stage.client();
  for (let n = 0; n < total; n += 1) {
    client.send(requestBytes());
    assert.equal((await client.response()).status, 503);
  }
  const sampledOut = 'statuswise_log_sampled_out_total{code="maintenance"}';
  const linesOf = (event: string): number => gateway.log.lines.filter((line) => line["event"] === event).length;
  await until(async () => linesOf("request") + (await metric(gateway, sampledOut)) === total);
  assert.equal(linesOf("failure"), linesOf("request"), "each that has a line has both");
  assert.ok(linesOf("request") < total / 2, `${linesOf("request")} lines`);
});
