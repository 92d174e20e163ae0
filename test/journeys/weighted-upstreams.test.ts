import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "../support/stage.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

test("a canary gets its share of a route's requests, and the log names who got each", { timeout: 20_000 }, async () => {
  await using stage = new Stage();
  const [blue, green, off] = [
    await stage.upstream(answering()),
    await stage.upstream(answering(responseBytes("202 Accepted"))),
    await stage.upstream(answering(ok)),
  ];
  await stage.start({
    upstreams: {
      blue: { targets: [blue.url] },
      green: { targets: [green.url], timeouts: { headers: "1s" } },
      off: { targets: [off.url] },
    },
    routes: [{ id: "everything", path: "/*", weights: { blue: 80, green: 20, off: 0 } }],
  });
  const client = await stage.client();
  const times = 500;
  for (let n = 0; n < times; n++) {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const { status } = await client.response();
    assert.ok(status === 200 || status === 202);
  }
  // Five standard deviations of a fair draw are 9 %.
  assert.ok(Math.abs(green.requests.length / times - 0.2) < 0.09, `${green.requests.length} of ${times}`);
  assert.equal(off.connections.length, 0);
  assert.equal(blue.requests.length + green.requests.length, times);
  const { log } = stage.gateway;
  await until(() => log.lines.filter((line) => line["event"] === "request").length === times);
  const lines = log.lines.filter((line) => line["event"] === "request");
  for (const line of lines) assert.equal(line["upstream"], line["status"] === 202 ? "green" : "blue");
  const metrics = await (await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`)).text();
  const success = (upstream: string, count: number): string =>
    `statuswise_upstream_attempts_total{upstream="${upstream}",outcome="success"} ${count}\n`;
  assert.ok(metrics.includes(success("green", green.requests.length)));
  assert.ok(metrics.includes(success("blue", blue.requests.length)));
});
