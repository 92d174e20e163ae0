import { test } from "node:test";

import { assertServed, leaveUnread, sizesMiB } from "./unread-answers.ts";

test(
  "110 clients that read nothing take the upstream from nobody for longer than a second",
  { timeout: 60_000 },
  async (t) => {
    const waves = 2;
    const figures = await leaveUnread({ clients: 110, waves, secondsEach: 3 });
    for (const size of sizesMiB) {
      await t.test(`of answers of ${size} MiB`, (one) => {
        one.diagnostic(JSON.stringify(figures.get(size)));
        assertServed(figures.get(size) ?? [], waves);
      });
    }
  },
);
