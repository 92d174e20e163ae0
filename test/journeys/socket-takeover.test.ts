import { after, beforeEach, describe, test } from "node:test";

import { Attacked, deployments, takeOvers } from "./socket-takeover.ts";

const bounded = { timeout: 20_000 };

for (const [title, front] of deployments) {
  describe(title, () => {
    const attacked = new Attacked(front);
    beforeEach(() => attacked.start());
    after(() => attacked[Symbol.asyncDispose]());
    for (const takeOver of takeOvers) test(takeOver.name, bounded, () => attacked.suffer(takeOver));
    test("pairs of requests timed to the end of an answer", bounded, () => attacked.sufferTimedPairs(400));
  });
}
