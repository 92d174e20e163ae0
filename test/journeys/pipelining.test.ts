import { describe, test } from "node:test";

import { assertBounded, pipeline } from "./pipelining.ts";

const bounded = { timeout: 60_000 };
const reduced = { requestsEach: 300, probesAfter: 20, limitMs: 20_000 };

describe("a process of 256 MiB keeps its bound and serves others while clients pipeline 300 requests each", () => {
  test("600 of them to an upstream that hangs", bounded, async (t) => {
    const figures = await pipeline({ ...reduced, connections: 600, upstream: "hung" });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });

  test("150 of them to an upstream whose permits are all taken", bounded, async (t) => {
    const figures = await pipeline({ ...reduced, connections: 150, upstream: "refused" });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });

  test("and 30 of them read none of the answers of 16 KiB", bounded, async (t) => {
    const figures = await pipeline({ ...reduced, connections: 30, upstream: "unread", answerBytes: 16 * 1024 });
    t.diagnostic(JSON.stringify(figures));
    assertBounded(figures);
  });
});
