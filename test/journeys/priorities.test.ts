import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { singleRoute } from "../support/config-file.ts";
import { Stage } from "../support/stage.ts";
import { answering, hanging } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

const get = (priority: string): string => `GET / HTTP/1.1\r\nHost: a\r\nX-Priority: ${priority}\r\n\r\n`;

/** One request is at the upstream, one waits, and there is no other place. */
async function full(stage: Stage, trustedProxies: readonly string[]) {
  const upstream = await stage.upstream(hanging);
  const concurrency = { limit: 1, queue: { depth: 1, wait: "10s" } };
  const listen = { trustedProxies, priorityHeader: "x-priority" };
  await stage.start(singleRoute({ target: upstream.url, upstream: { concurrency }, listen }));
  (await stage.client()).send(get("normal"));
  await upstream.request(1);
  const waiting = await stage.client();
  waiting.send(get("normal"));
  const waits = async (priority: "normal" | "critical"): Promise<boolean> =>
    (await stage.gateway.upstreams())[0]?.queuedBy[priority] === 1;
  await until(() => waits("normal"));
  return { waiting, waits };
}

describe("a full queue", () => {
  test("gives a place to a request that a trusted peer calls critical", { timeout: 20_000 }, async () => {
    await using stage = new Stage();
    const { waiting, waits } = await full(stage, ["127.0.0.1"]);
    (await stage.client()).send(get("critical"));
    const { status } = await waiting.response();
    assert.equal(status, 503);
    await until(() => waits("critical"));
    const line = await stage.gateway.log.line((entry) => entry["event"] === "request");
    assert.equal(line["code"], "queue_timeout");
  });

  test("gives none to anybody else who calls a request critical", { timeout: 20_000 }, async () => {
    await using stage = new Stage();
    const { waits } = await full(stage, ["192.0.2.1"]);
    const stranger = await stage.client();
    stranger.send(get("critical"));
    assert.equal((await stranger.response()).status, 503);
    assert.ok(await waits("normal"));
  });
});

test("a knee limit goes by the answers that came, and shows by what", { timeout: 20_000 }, async () => {
  await using stage = new Stage();
  const upstream = await stage.upstream(answering());
  const concurrency = { limit: "knee", max: 30, slo: "300ms" };
  await stage.start(singleRoute({ target: upstream.url, upstream: { concurrency } }));
  const client = await stage.client();
  const view = async () => (await stage.gateway.upstreams())[0];
  const before = await view();
  assert.deepEqual([before?.limitKind, before?.limit, before?.knee?.baseMs], ["knee", 20, 0]);
  await until(async () => {
    client.send(get("normal"));
    assert.equal((await client.response()).status, 200);
    return ((await view())?.knee?.baseMs ?? 0) > 0;
  });
  const after = await view();
  assert.equal(after?.knee?.sloMs, 300);
  const metrics = await (await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`)).text();
  assert.match(metrics, /^statuswise_limit_latency_seconds\{upstream="service",kind="base"\} 0\.\d+$/m);
});
