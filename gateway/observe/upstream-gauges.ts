import type { Registry } from "prom-client";

import { Counter, Gauge } from "prom-client";

import type { BreakerState, UpstreamView } from "../exchange/events.ts";

const breakerValue: Readonly<Record<BreakerState, number>> = { closed: 0, "half-open": 1, open: 2 };

/**
 * The gauges of upstreams and targets. They follow nothing: `read` sets them from the present state, whenever somebody
 * asks for the metrics. Upstreams and targets that are gone are gone from the metrics too.
 */
export function upstreamGauges(registry: Registry): { read(views: readonly UpstreamView[]): void } {
  function gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [registry] });
  }
  const inFlight = gauge("statuswise_in_flight", "Requests that hold a permit of the upstream.", ["upstream"]);
  const queued = gauge("statuswise_queue_depth", "Requests that wait for a permit of the upstream.", ["upstream"]);
  const limit = gauge("statuswise_limit", "Permits of the upstream: its concurrency limit now.", ["upstream"]);
  const latency = latencyGauge(registry);
  const webSockets = gauge("statuswise_websockets", "WebSockets to the upstream, handshakes included.", ["upstream"]);
  const [breaker, healthy] = targetGauges(registry);
  const [cuts, opens] = upstreamCounters(registry);

  return {
    read(views) {
      for (const each of [inFlight, queued, limit, latency, webSockets, breaker, healthy, opens, cuts]) each.reset();
      for (const view of views) {
        const { upstream } = view;
        inFlight.set({ upstream }, view.inFlight);
        queued.set({ upstream }, view.queued);
        limit.set({ upstream }, view.limit);
        latency.read(view);
        webSockets.set({ upstream }, view.webSockets);
        cuts.inc({ upstream }, view.contendedCuts);
        for (const { target, healthy: isHealthy, breaker: state, breakerOpens } of view.targets) {
          breaker.set({ upstream, target }, breakerValue[state]);
          healthy.set({ upstream, target }, isHealthy ? 1 : 0);
          for (const [reason, count] of Object.entries(breakerOpens)) opens.inc({ upstream, target, reason }, count);
        }
      }
    },
  };
}

/** Of upstreams whose limit is found from latency: what it goes by. Of several processes the worst counts. */
function latencyGauge(registry: Registry) {
  const gauge = new Gauge({
    name: "statuswise_limit_latency_seconds",
    help: "What a limit found from latency goes by: the base without a queue, the median, the slo. Of several workers' the worst.",
    labelNames: ["upstream", "kind"],
    aggregator: "max",
    registers: [registry],
  });
  return {
    reset: () => gauge.reset(),
    read({ upstream, knee }: UpstreamView): void {
      if (knee === undefined) return;
      gauge.set({ upstream, kind: "base" }, knee.baseMs / 1000);
      gauge.set({ upstream, kind: "median" }, knee.medianMs / 1000);
      gauge.set({ upstream, kind: "slo" }, knee.sloMs / 1000);
    },
  };
}

/** Of several processes the worst counts. */
function targetGauges(registry: Registry) {
  const rest = { labelNames: ["upstream", "target"] as const, registers: [registry] };
  return [
    new Gauge({
      name: "statuswise_breaker_state",
      help: "The target's breaker: 0 closed, 1 half-open, 2 open. Of several workers' the worst.",
      aggregator: "max",
      ...rest,
    }),
    new Gauge({
      name: "statuswise_target_healthy",
      help: "Whether the target passes its health checks: 1, or 0.",
      aggregator: "min",
      ...rest,
    }),
  ] as const;
}

function upstreamCounters(registry: Registry) {
  return [
    new Counter({
      name: "statuswise_contended_cuts_total",
      help: "Exchanges that lost their permit to requests that queued, because their client was too slow.",
      labelNames: ["upstream"],
      registers: [registry],
    }),
    new Counter({
      name: "statuswise_breaker_opens_total",
      help: "How often the target's breaker has opened, and why.",
      labelNames: ["upstream", "target", "reason"],
      registers: [registry],
    }),
  ] as const;
}
