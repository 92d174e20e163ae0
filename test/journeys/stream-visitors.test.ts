import { test } from "node:test";

import { nginxIsMissing } from "../support/nginx.ts";
import { visitAtOnce, visitInTurn, VisitStage } from "./stream-visitors.ts";
import { directKinds, nginxKinds } from "./visitor-kinds.ts";

const timeout = 30_000;

for (const [kinds, skip] of [
  [directKinds, false],
  [nginxKinds, nginxIsMissing],
] as const) {
  for (const kind of kinds) {
    test(`visitors who leave an event stream ${kind.name} leave nothing behind`, { timeout, skip }, async (t) => {
      await using stage = await VisitStage.open(kind);
      await t.test("one after another", async (one) => {
        one.diagnostic(JSON.stringify(await visitInTurn(stage, 10)));
      });
      await t.test("all at once", async (one) => {
        one.diagnostic(JSON.stringify(await visitAtOnce(stage, 40)));
      });
    });
  }
}
