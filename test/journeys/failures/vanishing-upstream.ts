import assert from "node:assert/strict";

import type { UpstreamConnection, UpstreamScript } from "../../support/raw-upstream.ts";

import { ok } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

const halfHead = "HTTP/1.1 200 OK\r\nContent-Type: text/pl";

function saying(bytes: string, end: (connection: UpstreamConnection) => void): UpstreamScript {
  return async (connection) => {
    await connection.readRequest();
    if (bytes !== "") await connection.writeAll(Buffer.from(bytes));
    end(connection);
  };
}

function vanishing(name: string, script: UpstreamScript) {
  return journey("upstream_reset", name, async (stage) => {
    const upstream = await stage.front(script);
    await stage.fails({ code: "upstream_reset", phase: "headers" });
    assert.equal(upstream.requests.length, 1, "without a retry policy it is asked once");
  });
}

export const vanishingUpstream = [
  vanishing(
    "FIN before the first byte",
    saying("", (connection) => connection.fin()),
  ),
  vanishing(
    "RST before the first byte",
    saying("", (connection) => connection.reset()),
  ),
  vanishing(
    "FIN after half a head",
    saying(halfHead, (connection) => connection.fin()),
  ),
  vanishing(
    "RST after half a head",
    saying(halfHead, (connection) => connection.reset()),
  ),
  vanishing(
    "FIN after an interim response",
    saying("HTTP/1.1 103 Early Hints\r\n\r\n", (connection) => connection.fin()),
  ),
  journey(
    "upstream_stale_connection",
    "a pooled connection closes under a POST, which is not sent twice",
    async (stage) => {
      const upstream = await stage.front(async (connection) => {
        await connection.readRequest();
        connection.write(ok);
        await connection.readRequest();
        connection.fin();
      });
      assert.equal((await stage.ask()).status, 200);
      await stage.fails({ code: "upstream_stale_connection", phase: "headers" }, { method: "POST", body: "{}" });
      assert.equal(upstream.requests.length, 2);
      assert.equal(upstream.connections.length, 1);
    },
  ),
];
