import type { Registry } from "prom-client";

import { Gauge } from "prom-client";

import type { ConnectionsView } from "../exchange/events.ts";

/** The client connections, and what is held for them, read at each scrape. */
export function registerConnectionGauges(read: () => ConnectionsView, registry: Registry): void {
  gauge("statuswise_connections", "Client connections that stand.", (view) => view.open);
  gauge(
    "statuswise_buffered_request_bytes",
    "Bytes of request bodies that are held, of listen.maxBufferedBytes.",
    (view) => view.requestBytes,
  );
  gauge(
    "statuswise_buffered_response_bytes",
    "Bytes of responses that clients have not taken, of listen.maxBufferedResponseBytes.",
    (view) => view.responseBytes,
  );
  gauge(
    "statuswise_pipelined_request_bytes",
    "Bytes of pipelined requests that are held beyond listen.maxHeaderSize of each connection, of 64 MiB.",
    (view) => view.pipelinedBytes,
  );

  function gauge(name: string, help: string, value: (view: ConnectionsView) => number): void {
    const one: Gauge = new Gauge({ name, help, registers: [registry], collect: () => one.set(value(read())) });
  }
}
