import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Field } from "../support/http-message.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { lastProxyStatus } from "../support/problem-assert.ts";
import { Stage } from "../support/stage.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };
const route = { upstreamErrors: { fallback: { staleIfError: "1h" } } };

/** An upstream that answers well until it is told to fail. */
function moody(fields: readonly Field[] = []) {
  const mood = { isWell: true, status: "500 Oops" };
  const script = answering(({ target }) =>
    mood.isWell ? responseBytes("200 OK", `for ${target}`, fields) : responseBytes(mood.status, "trace"),
  );
  return { mood, script };
}

describe("the last good answer", bounded, () => {
  test("is served while the upstream fails, and says what it is", async () => {
    await using stage = new Stage();
    const { mood, script } = moody([
      ["Cache-Control", "max-age=0"],
      ["ETag", '"1"'],
      ["Content-Type", "text/plain"],
    ]);
    await stage.front(script, { route });
    const good = await stage.ask({ target: "/a?b=1" });
    assert.equal(valueOf(good.fields, "cache-status"), undefined);
    mood.isWell = false;
    for (const method of ["GET", "HEAD"]) {
      const { status, body, fields } = await stage.ask({ target: "/a?b=1", method });
      assert.equal(status, 200);
      assert.equal(body.toString(), method === "HEAD" ? "" : "for /a?b=1");
      assert.equal(valueOf(fields, "content-length"), String("for /a?b=1".length));
      assert.equal(valueOf(fields, "etag"), '"1"');
      assert.equal(valueOf(fields, "age"), "0");
      assert.match(
        valueOf(fields, "cache-status") ?? "",
        /^gateway\.test;fwd=stale;fwd-status=500;ttl=-1;detail=stale-if-error$/,
      );
      const member = lastProxyStatus({ fields }, gatewayName);
      assert.deepEqual([member.get("received-status"), String(member.get("error"))], [500, "proxy_internal_response"]);
      const access = await stage.gateway.log.access(valueOf(fields, "x-request-id") ?? "");
      assert.deepEqual([access["status"], access["code"], access["source"]], [200, "upstream_error", "gateway"]);
    }
    const other = await stage.ask({ target: "/a?b=2" });
    assert.deepEqual([other.status, other.body.toString()], [500, "trace"], "nothing was kept of another target");
    const post = await stage.ask({ target: "/a?b=1", method: "POST", body: "x" });
    assert.equal(post.status, 500);
    mood.isWell = true;
    assert.equal((await stage.ask({ target: "/a?b=1" })).body.toString(), "for /a?b=1");
    await stage.settle();
  });

  test("is served where nobody is asked any more, and then it is a hit", async () => {
    await using stage = new Stage();
    const { mood, script } = moody();
    const upstream = await stage.front(script, { route, upstream: { breaker: { minimumRequests: 2 } } });
    await stage.ask();
    mood.isWell = false;
    mood.status = "503 Busy";
    const seen: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { status, fields } = await stage.ask();
      assert.equal(status, 200);
      seen.push(valueOf(fields, "cache-status")?.split(";")[1] ?? "");
    }
    assert.equal(seen.at(-1), "hit");
    assert.ok(upstream.requests.length < 5);
    await using dead = new Stage();
    const { script: well } = moody();
    const gone = await dead.front(well, { route });
    await dead.ask();
    await gone[Symbol.asyncDispose]();
    const { status, fields } = await dead.ask();
    assert.equal(status, 200);
    assert.equal(String(lastProxyStatus({ fields }, gatewayName).get("error")), "connection_refused");
  });

  const withheld: ReadonlyArray<readonly [name: string, answer: readonly Field[], request: readonly Field[]]> = [
    ["is private", [["Cache-Control", "private"]], []],
    ["must not be stored", [["Cache-Control", "No-Store"]], []],
    ["must be revalidated", [["Cache-Control", "max-age=0, must-revalidate"]], []],
    ["sets a cookie", [["Set-Cookie", "a=1"]], []],
    ["varies by everything", [["Vary", "*"]], []],
    ["was for somebody with credentials", [], [["Authorization", "Basic YTpi"]]],
    ["was for somebody with a cookie, and is not said to be public", [], [["Cookie", "a=1"]]],
    ["is not wanted from a cache", [], [["Cache-Control", "no-cache"]]],
  ];
  for (const [name, answer, request] of withheld) {
    test(`is not served where it ${name}`, async () => {
      await using stage = new Stage();
      const { mood, script } = moody(answer);
      await stage.front(script, { route });
      assert.equal((await stage.ask({ fields: request })).status, 200);
      mood.isWell = false;
      assert.equal((await stage.ask({ fields: request })).status, 500);
      assert.equal((await stage.ask()).status, 500);
    });
  }

  test("is served to whom Vary says it is for, and not to whom comes with credentials", async () => {
    await using stage = new Stage();
    const { mood, script } = moody([["Vary", "Accept-Language"]]);
    await stage.front(script, { route });
    await stage.ask({ fields: [["Accept-Language", "de"]] });
    mood.isWell = false;
    const ask = async (fields: readonly Field[]): Promise<number> => (await stage.ask({ fields })).status;
    assert.equal(await ask([["Accept-Language", "de"]]), 200);
    assert.equal(await ask([["Accept-Language", "en"]]), 500);
    assert.equal(await ask([["Accept-Language", "de"], ["Authorization", "Basic YTpi"]]), 500); // oxfmt-ignore
  });

  test("is not kept where it broke off", async () => {
    await using stage = new Stage();
    let isFirst = true;
    await stage.front(
      async (connection) => {
        await connection.readRequest();
        connection.write(
          isFirst ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" : responseBytes("500 Oops", "trace"),
        );
        isFirst = false;
        connection.fin();
      },
      { route },
    );
    assert.equal((await stage.ask()).isComplete, false);
    assert.equal((await stage.ask()).status, 500);
  });

  test("obeys the route's header rules, and keeps what the upstream's caches said", async () => {
    await using stage = new Stage();
    const { mood, script } = moody([["Server", "inner"], ["Cache-Status", "edge;hit"]]); // oxfmt-ignore
    const headers = { response: { remove: ["Server"], set: { "X-Set": "1" } } };
    await stage.front(script, { route: { ...route, headers } });
    await stage.ask();
    mood.isWell = false;
    const { fields } = await stage.ask();
    assert.equal(valueOf(fields, "server"), undefined);
    assert.equal(valueOf(fields, "x-set"), "1");
    assert.equal(valuesOf(fields, "cache-status")[0], "edge;hit");
  });
});
