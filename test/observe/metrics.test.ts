import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as fc from "fast-check";

import type { UpstreamView } from "../../gateway/exchange/events.ts";

import { Metrics } from "../../gateway/observe/metrics.ts";
import { ShedLog } from "../../gateway/observe/shed-log.ts";
import { endedExchange } from "./exchanges.ts";

const view: UpstreamView = {
  upstream: "orders",
  inFlight: 3,
  queued: 2,
  queuedBy: { critical: 0, normal: 2, sheddable: 0 },
  limit: 100,
  limitKind: "knee",
  knee: { baseMs: 20, medianMs: 35, sloMs: 500 },
  contendedCuts: 6,
  webSockets: 4,
  targets: [
    {
      target: "127.0.0.1:9001",
      healthy: false,
      breaker: "open",
      breakerReason: "error_rate",
      breakerOpens: { error_rate: 2, slow_calls: 0, no_success: 0, trial_failed: 0 },
      retryAfterMs: 10,
      connections: { busy: 0, idle: 0 },
    },
    {
      target: "127.0.0.1:9002",
      healthy: true,
      breaker: "half-open",
      breakerReason: "open_time_over",
      breakerOpens: { error_rate: 0, slow_calls: 0, no_success: 1, trial_failed: 3 },
      retryAfterMs: 0,
      connections: { busy: 0, idle: 0 },
    },
  ],
};

function metricsOf(views: readonly UpstreamView[] = [view]): Metrics {
  return new Metrics(["create-order"], {
    views: () => views,
    connections: () => ({
      open: 7,
      dropped: 5,
      reclaimed: 2,
      responseBytes: 4096,
      requestBytes: 512,
      pipelinedBytes: 64,
    }),
    shedding: () => ({ pressure: 0.25, utilization: 0.97, loopDelayMs: 40, heapShare: 0.5 }),
    sheds: new ShedLog(10),
    droppedLines: () => 0,
  });
}

function end(metrics: Metrics, facts: Parameters<typeof endedExchange>[0] = {}): void {
  const exchange = endedExchange(facts);
  metrics.finish(exchange, exchange.outcome ?? { status: 0, code: "internal", source: "gateway" }, 12);
}

async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.render();
  return text.split("\n").filter((line) => line.startsWith(name));
}

describe("the metrics", () => {
  it("tell how busy the process is, and which share it refuses", async () => {
    const metrics = metricsOf();
    assert.deepEqual(await samples(metrics, "statuswise_shedding_pressure"), ["statuswise_shedding_pressure 0.25"]);
    assert.deepEqual(await samples(metrics, "statuswise_event_loop"), [
      "statuswise_event_loop_utilization 0.97",
      "statuswise_event_loop_delay_seconds 0.04",
    ]);
  });

  it("say how many client connections stand, how many found no room, and what they hold", async () => {
    const metrics = metricsOf();
    assert.deepEqual(await samples(metrics, "statuswise_connections"), [
      "statuswise_connections 7",
      "statuswise_connections_dropped_total 5",
      "statuswise_connections_reclaimed_total 2",
    ]);
    assert.deepEqual(await samples(metrics, "statuswise_buffered"), [
      "statuswise_buffered_request_bytes 512",
      "statuswise_buffered_response_bytes 4096",
    ]);
    assert.deepEqual(await samples(metrics, "statuswise_pipelined"), ["statuswise_pipelined_request_bytes 64"]);
  });

  it("count requests by route, method, status and code", async () => {
    const metrics = metricsOf();
    end(metrics);
    end(metrics);
    const outcome = { status: 404, code: "no_route", source: "client" } as const;
    end(metrics, { route: undefined, inbound: { method: "GET" }, attempts: [], outcome });
    assert.deepEqual(await samples(metrics, "statuswise_requests_total"), [
      'statuswise_requests_total{route="create-order",method="POST",status="200",code=""} 2',
      'statuswise_requests_total{route="none",method="GET",status="404",code="no_route"} 1',
    ]);
  });

  it("keep their count from scrape to scrape", async () => {
    const metrics = metricsOf();
    end(metrics);
    await metrics.render();
    end(metrics);
    assert.match((await samples(metrics, "statuswise_requests_total"))[0] ?? "", / 2$/);
  });

  it("observe durations by route, in seconds", async () => {
    const metrics = metricsOf();
    end(metrics);
    const lines = await samples(metrics, "statuswise_request_duration_seconds");
    assert.ok(lines.includes('statuswise_request_duration_seconds_bucket{le="0.01",route="create-order"} 0'));
    assert.ok(lines.includes('statuswise_request_duration_seconds_bucket{le="0.025",route="create-order"} 1'));
    assert.ok(lines.includes('statuswise_request_duration_seconds_count{route="create-order"} 1'));
    assert.ok(lines.includes('statuswise_request_duration_seconds_count{route="none"} 0'));
  });

  it("count every attempt by upstream and outcome", async () => {
    const metrics = metricsOf();
    end(metrics, { attempts: [{ outcome: "upstream_refused" }, { outcome: undefined }, { outcome: "success" }] });
    assert.deepEqual((await samples(metrics, "statuswise_upstream_attempts_total")).toSorted(), [
      'statuswise_upstream_attempts_total{upstream="orders",outcome="other"} 1',
      'statuswise_upstream_attempts_total{upstream="orders",outcome="success"} 1',
      'statuswise_upstream_attempts_total{upstream="orders",outcome="upstream_refused"} 1',
    ]);
  });

  it("read upstreams, queues, limits and breakers when asked", async () => {
    const metrics = metricsOf();
    const text = await metrics.render();
    for (const line of [
      'statuswise_in_flight{upstream="orders"} 3',
      'statuswise_queue_depth{upstream="orders"} 2',
      'statuswise_limit{upstream="orders"} 100',
      'statuswise_limit_latency_seconds{upstream="orders",kind="base"} 0.02',
      'statuswise_limit_latency_seconds{upstream="orders",kind="median"} 0.035',
      'statuswise_limit_latency_seconds{upstream="orders",kind="slo"} 0.5',
      'statuswise_breaker_state{upstream="orders",target="127.0.0.1:9001"} 2',
      'statuswise_breaker_state{upstream="orders",target="127.0.0.1:9002"} 1',
      'statuswise_target_healthy{upstream="orders",target="127.0.0.1:9001"} 0',
      'statuswise_target_healthy{upstream="orders",target="127.0.0.1:9002"} 1',
      'statuswise_breaker_opens_total{upstream="orders",target="127.0.0.1:9001",reason="error_rate"} 2',
      'statuswise_breaker_opens_total{upstream="orders",target="127.0.0.1:9002",reason="trial_failed"} 3',
      'statuswise_breaker_opens_total{upstream="orders",target="127.0.0.1:9002",reason="slow_calls"} 0',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
  });

  it("forget targets that are gone", async () => {
    const views = [view];
    const metrics = metricsOf(views);
    await metrics.render();
    views.pop();
    assert.deepEqual(await samples(metrics, "statuswise_breaker"), []);
  });

  it("count sheds by reason, from nought on", async () => {
    const metrics = metricsOf();
    end(metrics, { attempts: [], outcome: { status: 503, code: "queue_timeout", source: "gateway" } });
    assert.deepEqual(await samples(metrics, "statuswise_shed_total"), [
      'statuswise_shed_total{reason="overloaded"} 0',
      'statuswise_shed_total{reason="concurrency_limited"} 0',
      'statuswise_shed_total{reason="queue_timeout"} 1',
      'statuswise_shed_total{reason="rate_limited"} 0',
    ]);
  });

  it("count config reloads", async () => {
    const metrics = metricsOf();
    metrics.reloaded("failure");
    assert.deepEqual(await samples(metrics, "statuswise_config_reload_total"), [
      'statuswise_config_reload_total{outcome="success"} 0',
      'statuswise_config_reload_total{outcome="failure"} 1',
    ]);
  });

  it("include the process and its event loop, once for several gateways", async () => {
    const [first, second] = [metricsOf(), metricsOf()];
    for (const metrics of [first, second]) {
      const text = await metrics.render();
      assert.match(text, /^process_cpu_seconds_total /m);
      assert.match(text, /^nodejs_eventloop_utilization_ratio [\d.]+$/m);
      assert.equal(text.match(/^# TYPE nodejs_version_info /gm)?.length, 1);
    }
  });

  it("forget the routes and upstreams of a config that is no longer in force, and keep the others", async () => {
    const views = [view];
    const metrics = metricsOf(views);
    end(metrics);
    end(metrics, { route: "gone", upstream: "gone" });
    metrics.reconfigure(["create-order", "new"]);
    const text = await metrics.render();
    assert.ok(!text.includes('="gone"'), text);
    assert.match(text, /route="create-order",method="POST",status="200",code=""} 1/);
    assert.match(text, /request_duration_seconds_count{route="new"} 0/);
  });

  it("make no series from what clients and upstreams send", async () => {
    const metrics = metricsOf();
    const wild = fc.record({ method: fc.string(), path: fc.webPath(), code: fc.string(), status: fc.integer() });
    for (const { method, path, code, status } of fc.sample(wild, { numRuns: 10_000, seed: 7 })) {
      const outcome = { status: status % 3 === 0 ? 404 : 600 + Math.abs(status), code, source: "upstream" } as const;
      end(metrics, { route: undefined, inbound: { method, path }, attempts: [{ outcome: code }], outcome });
    }
    const series = await samples(metrics, "statuswise_");
    const ended = series
      .filter((line) => line.startsWith("statuswise_requests_total"))
      .map((line) => Number(line.split(" ").at(-1)))
      .reduce((sum, count) => sum + count, 0);
    assert.equal(ended, 10_000);
    assert.ok(series.length < 80, `${series.length} series`);
  });
});
