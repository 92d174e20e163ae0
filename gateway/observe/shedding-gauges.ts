import type { Registry } from "prom-client";

import { Gauge } from "prom-client";

import type { SheddingView } from "../exchange/events.ts";

/** How busy the process is, read at each scrape. Of several workers the worst counts. */
export function registerSheddingGauges(read: () => SheddingView, registry: Registry): void {
  gauge(
    "statuswise_shedding_pressure",
    "Share of the last second's requests that the process refused as overloaded.",
    (view) => view.pressure,
  );
  gauge(
    "statuswise_event_loop_utilization",
    "Share of the last second in which the event loop worked.",
    (view) => view.utilization,
  );
  gauge(
    "statuswise_event_loop_delay_seconds",
    "The longest turn of the event loop with requests in the last second.",
    (view) => view.loopDelayMs / 1000,
  );

  function gauge(name: string, help: string, value: (view: SheddingView) => number): void {
    const one: Gauge = new Gauge({
      name,
      help,
      aggregator: "max",
      registers: [registry],
      collect: () => one.set(value(read())),
    });
  }
}
