import assert from "node:assert/strict";

import { requestBytes } from "../../support/raw-client.ts";
import { hanging, neverReading } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

export const silentUpstream = [
  journey("upstream_headers_timeout", "a request taken and never answered", async (stage) => {
    const upstream = await stage.front(hanging, { upstream: { timeouts: { headers: "150ms" } } });
    await stage.fails({ code: "upstream_headers_timeout", phase: "headers" });
    assert.equal((await upstream.connection(1)).finishedBy, "gateway");
  }),
  journey("upstream_headers_timeout", "half a head, and then nothing", async (stage) => {
    const upstream = await stage.front(
      async (connection) => {
        await connection.readRequest();
        connection.write("HTTP/1.1 200 OK\r\nContent-Le");
      },
      { upstream: { timeouts: { headers: "150ms" } } },
    );
    await stage.fails({ code: "upstream_headers_timeout" });
    await (
      await upstream.connection(1)
    ).ended;
  }),
  journey("upstream_headers_timeout", "interim responses do not buy time", async (stage) => {
    await stage.front(
      async (connection) => {
        await connection.readRequest();
        for (;;) {
          if (!(await connection.writeAll(Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n")))) return;
          await Promise.race([connection.ended, new Promise((resolve) => setTimeout(resolve, 60))]);
        }
      },
      { upstream: { timeouts: { headers: "200ms" } } },
    );
    const { response } = await stage.fails({ code: "upstream_headers_timeout" });
    assert.ok(response.interim.length <= 10);
  }),
  journey("upstream_write_timeout", "an upstream that does not read the body", async (stage) => {
    await stage.front(neverReading, {
      upstream: { timeouts: { idle: "250ms" } },
      route: { request: { body: { maxSize: "64MiB" } } },
    });
    const body = Buffer.alloc(32 * 1024 * 1024, "x");
    await stage.fails({
      code: "upstream_write_timeout",
      phase: "send",
      method: "POST",
      raw: requestBytes({ method: "POST", body }),
    });
  }),
  journey("deadline_exceeded", "the route's budget is shorter than the upstream's timer", async (stage) => {
    await stage.front(hanging, { route: { timeout: "200ms" } });
    await stage.fails({ code: "deadline_exceeded", phase: "headers" });
  }),
];
