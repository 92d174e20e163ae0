import { describe, test } from "node:test";

import { assertBounded, pipeline } from "../journeys/pipelining.ts";

const bounded = { timeout: 300_000 };
const full = { connections: 2000, requestsEach: 300, probesAfter: 200, limitMs: 240_000 };

describe("a process of 256 MiB keeps its bound and serves others while 2,000 clients pipeline 300 requests each", () => {
  test("to an upstream that hangs", bounded, async (t) => {
    const figures = await pipeline({ ...full, upstream: "hung" });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });

  test("to an upstream whose permits are all taken", bounded, async (t) => {
    const figures = await pipeline({ ...full, upstream: "refused" });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });

  test("and read none of the small answers, which the kernel keeps", bounded, async (t) => {
    const figures = await pipeline({ ...full, upstream: "unread", answerBytes: 100 });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });

  // The kernel takes some 2.5 MB of each connection's answers: more connections would ask it for all that TCP may have.
  test("and, 400 of them, read none of the answers of 16 KiB, which the kernel cannot keep", bounded, async (t) => {
    const figures = await pipeline({ ...full, connections: 400, upstream: "unread", answerBytes: 16 * 1024 });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });
});
