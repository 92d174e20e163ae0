import { test } from "node:test";

import { nginxIsMissing } from "../support/nginx.ts";
import { visitAtOnce, visitInTurn, VisitStage } from "../journeys/stream-visitors.ts";
import { directKinds, nginxKinds } from "../journeys/visitor-kinds.ts";

const timeout = 120_000;

for (const [kinds, skip] of [
  [directKinds, false],
  [nginxKinds, nginxIsMissing],
] as const) {
  for (const kind of kinds) {
    test(
      `105 and 200 visitors who leave an event stream ${kind.name} leave nothing behind`,
      { timeout, skip },
      async (t) => {
        await using stage = await VisitStage.open(kind);
        await t.test("one after another", async (one) => {
          one.diagnostic(JSON.stringify(await visitInTurn(stage, 105)));
        });
        await t.test("all at once", async (one) => {
          one.diagnostic(JSON.stringify(await visitAtOnce(stage, 200)));
        });
      },
    );
  }
}
