import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ClassResult, LoadResult } from "../../../load-tests/generator/load-result.ts";
import type { RequestClass } from "../../../load-tests/generator/plan.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";

import { startUpstream } from "../../support/raw-upstream.ts";
import { answering, hanging, ok, responseBytes } from "../../support/upstream-scripts.ts";
import { request, runLoad } from "./load-under-test.ts";

const shed = responseBytes("503 Service Unavailable", '{"code":"limit_reached"}', [
  ["Content-Type", "application/problem+json"],
  ["Retry-After", "1"],
]);
const hundred = 100;

function allOf(result: LoadResult): ClassResult {
  return result.phases[0]!.all;
}

/** What is not counted as anything is 0. */
function counted({ offered, sent, good, late, left, broken, shed: sheds, refused }: ClassResult) {
  const counts = { offered, sent, good, late, left, broken, shed: sheds, refused };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

async function askOf(upstream: RawUpstream, one: Partial<RequestClass> = {}): Promise<ClassResult> {
  return allOf(await runLoad({ ports: [upstream.port], classes: [{ ...request, ...one }] }));
}

describe("answers", () => {
  test("that are 2xx are good", async () => {
    await using upstream = await startUpstream(answering());
    const all = await askOf(upstream, { path: "/a?b=c", fields: [["X-Client", "me"]] });
    assert.deepEqual(counted(all), { offered: hundred, sent: hundred, good: hundred });
    assert.deepEqual([all.statuses, all.codes, all.goodMs.count], [{ 200: hundred }, {}, hundred]);
    const [first] = upstream.requests;
    assert.deepEqual([first?.method, first?.target], ["GET", "/a?b=c"]);
    assert.deepEqual(first?.fields, [
      ["Host", `127.0.0.1:${upstream.port}`],
      ["X-Client", "me"],
    ]);
  });

  test("leave their connections to the next requests: a second of load needs few", async () => {
    await using upstream = await startUpstream(answering());
    const phases = [{ name: "steady", seconds: 1, ratePerSecond: 400, spacing: "constant" }] as const;
    await runLoad({ ports: [upstream.port], phases });
    assert.equal(upstream.requests.length, 400);
    // 40 stand beforehand.
    assert.ok(upstream.connections.length < 200, `${upstream.connections.length} connections`);
  });

  test("are asked for on the connections that stand before the load, each of them", async () => {
    await using upstream = await startUpstream(answering());
    await askOf(upstream);
    const standing = upstream.connections.slice(0, 40);
    assert.deepEqual([standing.length, standing.filter(({ requests }) => requests.length === 0)], [40, []]);
  });

  test("to requests with a body are asked for with its length", async () => {
    await using upstream = await startUpstream(answering());
    await askOf(upstream, { method: "POST", body: '{"name":"Zoë"}', fields: [["host", "a.test"]] });
    const [first] = upstream.requests;
    assert.deepEqual([first?.method, first?.body.toString()], ["POST", '{"name":"Zoë"}']);
    assert.deepEqual(first?.fields, [
      ["host", "a.test"],
      ["Content-Length", "15"],
    ]);
  });

  test("to HEAD end with their head", async () => {
    await using upstream = await startUpstream(answering("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"));
    assert.equal((await askOf(upstream, { method: "HEAD" })).good, hundred);
  });

  test("that are 503 or 429 are sheds, with their codes, and those without a Retry-After counted", async () => {
    const bare = responseBytes("429 Too Many Requests");
    await using upstream = await startUpstream(answering(({ target }) => (target === "/bare" ? bare : shed)));
    const all = await askOf(upstream);
    assert.deepEqual(counted(all), { offered: hundred, sent: hundred, shed: hundred });
    assert.deepEqual([all.codes, all.withoutRetryAfter], [{ limit_reached: hundred }, 0]);
    assert.deepEqual([all.shedMs.count, all.queuedShedMs.count, all.goodMs.count], [hundred, 0, 0]);
    const without = await askOf(upstream, { path: "/bare" });
    assert.deepEqual([without.shed, without.withoutRetryAfter, without.codes], [hundred, hundred, {}]);
  });

  test("of requests that had waited in a queue are told apart", async () => {
    await using upstream = await startUpstream(answering(shed.replace("limit_reached", "queue_timeout")));
    const all = await askOf(upstream);
    assert.deepEqual([all.shedMs.count, all.queuedShedMs.count], [0, hundred]);
  });

  test("that say anything else are refusals", async () => {
    await using upstream = await startUpstream(answering(responseBytes("404 Not Found")));
    const all = await askOf(upstream);
    assert.deepEqual(counted(all), { offered: hundred, sent: hundred, refused: hundred });
    assert.deepEqual(all.statuses, { 404: hundred });
  });

  test("that break off, or are no HTTP, are broken", async () => {
    for (const bytes of ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "", "nonsense\r\n\r\n"]) {
      await using upstream = await startUpstream(async (connection) => {
        await connection.readRequest();
        connection.write(bytes);
        connection.fin();
      });
      assert.deepEqual(counted(await askOf(upstream)), { offered: hundred, sent: hundred, broken: hundred });
    }
  });

  test("that end with their connection are good, and that connection is not asked again", async () => {
    await using upstream = await startUpstream(async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\n\r\nall of it");
      connection.fin();
    });
    assert.equal((await askOf(upstream)).good, hundred);
    assert.equal(upstream.requests.length, hundred);
  });

  test("that say Connection: close are good, and that connection is not asked again", async () => {
    await using upstream = await startUpstream(answering(ok.replace("\r\n", "\r\nConnection: close\r\n")));
    assert.equal((await askOf(upstream)).good, hundred);
    assert.ok(upstream.connections.every(({ requests }) => requests.length <= 1));
  });
});

describe("patience", () => {
  test("ends at the deadline: the request is late, and its connection destroyed", async () => {
    await using upstream = await startUpstream(hanging);
    const all = await askOf(upstream, { deadlineMs: 200 });
    // On a machine that stands still for the whole of it, some would never be written.
    const written = all.sent;
    assert.deepEqual(counted(all), { offered: hundred, sent: written, late: written });
    await Promise.all(upstream.connections.map(({ ended }) => ended));
    assert.equal(upstream.openConnections, 0);
  });

  test("of clients that leave on purpose ends earlier, for their share of all", async () => {
    await using upstream = await startUpstream(hanging);
    const all = await askOf(upstream, { deadlineMs: 1000, leaves: { share: 0.5, afterMs: 50 } });
    assert.equal(all.left + all.late, hundred);
    assert.ok(all.left > 30 && all.left < 70, `${all.left} left`);
  });

  test("of leaving clients does not matter where they are answered before", async () => {
    await using upstream = await startUpstream(answering());
    const all = await askOf(upstream, { leaves: { share: 1, afterMs: 9000 } });
    assert.equal(all.good, hundred);
  });
});

describe("retries", () => {
  const retry = { attempts: 3, delayMs: 0, honoursRetryAfter: false };

  test("are made up to the number of attempts, beside the open loop", async () => {
    await using upstream = await startUpstream(answering(shed));
    const all = await askOf(upstream, { retry });
    assert.deepEqual(counted(all), { offered: hundred, sent: 3 * hundred, shed: hundred });
    assert.deepEqual(all.statuses, { 503: 3 * hundred });
    assert.equal(upstream.requests.length, 3 * hundred);
  });

  test("end with the first good answer", async () => {
    // The port's next answer is good after each two that are not, whoever asks.
    let count = 0;
    await using upstream = await startUpstream(answering(() => (++count % 2 === 0 ? ok : shed)));
    const all = await askOf(upstream, { retry: { ...retry, attempts: 50 } });
    assert.deepEqual(counted(all), { offered: hundred, sent: all.sent, good: hundred });
    assert.deepEqual(all.statuses, { 200: hundred, 503: all.sent - hundred });
  });

  test("are made of a connection that broke", async () => {
    await using upstream = await startUpstream(async (connection) => {
      await connection.readRequest();
      connection.reset();
    });
    const all = await askOf(upstream, { retry });
    assert.deepEqual(counted(all), { offered: hundred, sent: 3 * hundred, broken: hundred });
  });

  test("are made of 429, 502, 503 and 504, and of no other answer", async () => {
    for (const status of ["400", "404", "408", "413", "500", "501"]) {
      await using upstream = await startUpstream(answering(responseBytes(`${status} No`)));
      assert.equal((await askOf(upstream, { retry })).sent, hundred, status);
    }
    for (const status of ["429", "502", "504"]) {
      await using upstream = await startUpstream(answering(responseBytes(`${status} No`)));
      assert.equal((await askOf(upstream, { retry })).sent, 3 * hundred, status);
    }
  });

  test("wait for their delay", async () => {
    await using upstream = await startUpstream(answering((_, n) => (n === 0 ? shed : ok)));
    const all = await askOf(upstream, { retry: { ...retry, delayMs: 100, attempts: 100 } });
    assert.equal(all.good, hundred);
    assert.ok(all.goodMs.max >= 99, `${all.goodMs.max} ms`);
  });

  test("honour Retry-After where they are told to", async () => {
    await using upstream = await startUpstream(answering((_, n) => (n === 0 ? shed : ok)));
    const all = await askOf(upstream, { retry: { ...retry, attempts: 100, honoursRetryAfter: true } });
    assert.equal(all.good, hundred);
    assert.ok(all.goodMs.max >= 1000, `${all.goodMs.max} ms`);
  });

  test("are not made after the deadline: the last answer stands", async () => {
    await using upstream = await startUpstream(answering(shed));
    const all = await askOf(upstream, { deadlineMs: 900, retry: { ...retry, honoursRetryAfter: true } });
    assert.deepEqual([all.sent, all.shed], [hundred, hundred]);
  });

  test("share the deadline of the request", async () => {
    await using upstream = await startUpstream(answering(() => shed));
    const all = await askOf(upstream, { deadlineMs: 1000, retry: { ...retry, delayMs: 400, attempts: 100 } });
    assert.equal(all.shed + all.late, hundred);
    assert.ok(all.sent <= 3 * hundred, `${all.sent} sent`);
  });
});

describe("classes and ports", () => {
  test("classes come by their shares and are counted apart, and together", async () => {
    await using upstream = await startUpstream(answering(({ target }) => (target === "/a" ? ok : shed)));
    const result = await runLoad({
      ports: [upstream.port],
      phases: [{ name: "steady", seconds: 1, ratePerSecond: 400, spacing: "constant" }],
      classes: [
        { ...request, name: "a", share: 3, path: "/a" },
        { ...request, name: "b", share: 1, path: "/b" },
      ],
    });
    const { all, byClass } = result.phases[0]!;
    assert.equal(all.offered, 400);
    assert.deepEqual([byClass["a"]?.good, byClass["b"]?.shed], [all.good, all.shed]);
    assert.equal(all.goodMs.count, byClass["a"]?.goodMs.count);
    assert.ok(all.shed > 60 && all.shed < 140, `${all.shed} of class b`);
    assert.ok(result.buckets.every(({ good, goodByClass }) => goodByClass["a"] === good && goodByClass["b"] === 0));
  });

  test("ports are asked in turn, and their good answers told apart", async () => {
    await using first = await startUpstream(answering());
    await using second = await startUpstream(answering(shed));
    const all = allOf(await runLoad({ ports: [first.port, second.port] }));
    assert.deepEqual([first.requests.length, second.requests.length], [hundred / 2, hundred / 2]);
    assert.deepEqual([all.goodByPort, all.good, all.shed], [[hundred / 2, 0], hundred / 2, hundred / 2]);
  });
});

describe("phases and buckets", () => {
  const phases = [
    { name: "low", seconds: 0.5, ratePerSecond: 40, spacing: "constant" },
    { name: "high", seconds: 0.6, ratePerSecond: 200, spacing: "constant" },
  ] as const;

  test("phases are told as they begin, and count by intended start", async () => {
    await using upstream = await startUpstream(answering());
    const begun: Array<readonly [string, number]> = [];
    const result = await runLoad({ ports: [upstream.port], phases }, { onPhase: (...told) => begun.push(told) });
    assert.deepEqual(begun, [
      ["low", 0],
      ["high", 500],
    ]);
    assert.deepEqual(
      result.phases.map(({ name, startsAtMs, seconds, all }) => [name, startsAtMs, seconds, all.offered, all.good]),
      [
        ["low", 0, 0.5, 20, 20],
        ["high", 500, 0.6, 120, 120],
      ],
    );
  });

  test("buckets are whole quarters of a second, told one by one, in order", async () => {
    await using upstream = await startUpstream(answering());
    const told: unknown[] = [];
    const { buckets } = await runLoad({ ports: [upstream.port], phases }, { onBucket: (one) => told.push(one) });
    assert.deepEqual(told, buckets);
    assert.deepEqual(
      buckets.map(({ atMs, phase, offered }) => [atMs, phase, offered]),
      [
        [0, "low", 10],
        [250, "low", 10],
        [500, "high", 50],
        [750, "high", 50],
      ],
    );
  });

  test("a request that ends in the next phase counts in its own", async () => {
    await using upstream = await startUpstream(hanging);
    const result = await runLoad({
      ports: [upstream.port],
      classes: [{ ...request, deadlineMs: 700 }],
      phases: [{ ...phases[0] }, { name: "quiet", seconds: 0.5, ratePerSecond: 0 }],
    });
    assert.deepEqual(
      result.phases.map(({ all }) => [all.offered, all.late]),
      [
        [20, 20],
        [0, 0],
      ],
    );
  });
});
