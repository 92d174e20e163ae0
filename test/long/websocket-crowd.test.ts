import { test } from "node:test";

import { crowd, sendMessages } from "../journeys/websocket-crowd.ts";

test("200 tunnels at once, ended in every way there is", { timeout: 120_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await crowd(200, 1_000_000)));
});

test("messages of 16 MiB, eight at once", { timeout: 120_000 }, async (t) => {
  t.diagnostic(JSON.stringify({ bytesEachWay: await sendMessages(8, 16 * 1024 * 1024) }));
});
