import assert from "node:assert/strict";

import { refusedPort } from "../../support/dead-ports.ts";
import { valueOf } from "../../support/http-message.ts";
import { requestBytes } from "../../support/raw-client.ts";
import { answering } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

const twoAnHour = { requests: 1, per: "1h", burst: 2 };

export const limitedClient = [
  journey("rate_limited", "a client that used up its burst is told when to come back", async (stage) => {
    const upstream = await stage.front(answering(), { route: { rateLimit: { ...twoAnHour, by: "ip" } } });
    for (const _ of [1, 2]) assert.equal((await stage.ask()).status, 200);
    const { response, access } = await stage.fails({ code: "rate_limited", retryAfterAtLeast: 3590 });
    assert.equal(valueOf(response.fields, "ratelimit-policy"), '"ip";q=1;w=3600');
    assert.match(valueOf(response.fields, "ratelimit") ?? "", /^"ip";r=0;t=(?:3600|359\d)$/);
    assert.ok(Number(valueOf(response.fields, "retry-after")) <= 3600 * 1.2, "a fifth more at most");
    assert.equal(access["attempts"], 0);
    await stage.fails({ code: "rate_limited" }, { method: "HEAD" });
    assert.equal(upstream.requests.length, 2);
  }),
  journey("rate_limited", "before anything of the body is asked for", async (stage) => {
    await stage.front(answering(), { route: { rateLimit: { ...twoAnHour, burst: 1 } } });
    assert.equal((await stage.ask()).status, 200);
    const raw = requestBytes({ method: "POST", body: "a body", fields: [["Expect", "100-continue"]] }).subarray(0, -6);
    const { response } = await stage.fails({ code: "rate_limited", method: "POST", raw, close: true });
    assert.deepEqual(response.interim, []);
  }),
  journey("rate_limited", "one key's quota is nobody else's", async (stage) => {
    await stage.front(answering(), { route: { rateLimit: { ...twoAnHour, by: "header:X-Api-Key" } } });
    const greedy = { fields: [["X-Api-Key", "greedy"]] } as const;
    for (const _ of [1, 2]) assert.equal((await stage.ask(greedy)).status, 200);
    const { response } = await stage.fails({ code: "rate_limited", secrets: ["greedy"] }, greedy);
    assert.match(valueOf(response.fields, "ratelimit") ?? "", /^"header:x-api-key";r=0;t=3\d{3}$/);
    assert.equal((await stage.ask({ fields: [["X-Api-Key", "modest"]] })).status, 200);
    assert.equal((await stage.ask()).status, 200);
  }),
  journey("rate_limited", "behind a trusted proxy it is the client that is counted", async (stage) => {
    await stage.front(answering(), {
      listen: { trustedProxies: ["127.0.0.0/8"] },
      route: { rateLimit: { ...twoAnHour, burst: 1 } },
    });
    const from = (address: string) => ({ fields: [["X-Forwarded-For", address]] }) as const;
    assert.equal((await stage.ask(from("192.0.2.1"))).status, 200);
    assert.equal((await stage.ask(from("192.0.2.2"))).status, 200);
    assert.equal((await stage.ask(from("2001:db8::1"))).status, 200);
    await stage.fails({ code: "rate_limited" }, from("192.0.2.1"));
    // Another address of the same network, and a claim of the client's own left of it.
    await stage.fails({ code: "rate_limited" }, from("192.0.2.9, 2001:db8::2"));
  }),
  journey("dependency_unavailable", "a shared quota that fails closed, and its store is not there", async (stage) => {
    const upstream = await stage.upstream(answering());
    const shared = { ...twoAnHour, shared: true };
    await stage.start({
      redis: { url: `redis://127.0.0.1:${await refusedPort()}` },
      upstreams: { service: { targets: [upstream.url] } },
      routes: [
        { id: "closed", path: "/closed", upstream: "service", rateLimit: { ...shared, failMode: "closed" } },
        { id: "open", path: "/open", upstream: "service", rateLimit: { ...shared, failMode: "open" } },
      ],
    });
    await stage.fails({ code: "dependency_unavailable" }, { target: "/closed" });
    assert.equal(upstream.requests.length, 0);
    for (const _ of [1, 2]) assert.equal((await stage.ask({ target: "/open" })).status, 200);
    await stage.fails({ code: "rate_limited" }, { target: "/open" });
    const down = await stage.gateway.log.line((line) => line["event"] === "quota_store");
    assert.deepEqual([down["level"], down["state"]], ["warn", "down"]);
  }),
];
