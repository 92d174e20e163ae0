import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Knee } from "../../gateway/acquire/limit/knee.ts";

import { Gradient2 } from "../../load-tests/limits/gradient2.ts";
import { limits } from "../../load-tests/limits/limits.ts";

interface Status {
  readonly upstreams: ReadonlyArray<{
    readonly limit: number;
    readonly limitKind: string;
    readonly knee?: { readonly sloMs: number };
  }>;
}

/** All that the gateway knows of its own: the compiler says here what Gradient2 lacks to stand in its place. */
const replacement: Pick<Knee, keyof Knee> = new Gradient2();

/** What a subject says of its limit, fresh from the start. */
async function limitOf(name: string): Promise<Status["upstreams"][number]> {
  const subject = limits.find((limit) => limit.name === name)!;
  await using running = await subject.start([9], undefined);
  const answer = await fetch(`http://127.0.0.1:${running.adminPort}/status`);
  return ((await answer.json()) as Status).upstreams[0]!;
}

suite("the limits that are compared", () => {
  test("have names of their own", () => {
    assert.equal(new Set(limits.map(({ name }) => name)).size, limits.length);
  });

  test("fixed ones are what they are called", async () => {
    const { limit, limitKind } = await limitOf("fixed-32");
    assert.deepEqual({ limit, limitKind }, { limit: 32, limitKind: "fixed" });
  });

  test("knee is the gateway's own", async () => {
    const { limit, limitKind, knee } = await limitOf("knee");
    assert.deepEqual({ limit, limitKind, sloMs: knee?.sloMs }, { limit: 20, limitKind: "knee", sloMs: 500 });
  });

  test("Gradient2 begins where knee does", () => {
    assert.equal(replacement.limit, 20);
  });

  test("Gradient2 stands in the place of knee, in a gateway that is the same otherwise", async () => {
    const { limit, limitKind, knee } = await limitOf("gradient2");
    // It knows no slo.
    assert.deepEqual({ limit, limitKind, sloMs: knee?.sloMs }, { limit: 20, limitKind: "knee", sloMs: 0 });
  });
});
