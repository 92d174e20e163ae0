import { test } from "node:test";

import { assertServed, leaveUnread, sizesMiB } from "../journeys/unread-answers.ts";

test(
  "110 clients that read nothing, others every 31 s, take the upstream from nobody for longer than a second",
  { timeout: 180_000 },
  async (t) => {
    const waves = 3;
    const figures = await leaveUnread({ clients: 110, waves, secondsEach: 31 });
    for (const size of sizesMiB) {
      await t.test(`of answers of ${size} MiB`, (one) => {
        one.diagnostic(JSON.stringify(figures.get(size)));
        assertServed(figures.get(size) ?? [], waves);
      });
    }
  },
);
