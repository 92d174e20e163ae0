import { describe, test } from "node:test";

import { RefusingStage, uploadByPython, uploadRaw } from "../journeys/early-refusals.ts";
import { pythonIsMissing } from "../support/python.ts";

const bounded = { timeout: 120_000 };

// Refused in its course: what is beyond the limit is known only once a megabyte has come.
for (const isTls of [false, true]) {
  describe(`a client reads the refusal of a chunked upload of 20 MB over ${isTls ? "TLS" : "TCP"}, ten times of ten`, () => {
    test("though it writes everything before it reads", bounded, async () => {
      await using stage = await RefusingStage.open(isTls);
      await uploadRaw(stage, "chunked", 10);
    });

    test("with a client of Python", { ...bounded, skip: pythonIsMissing }, async () => {
      await using stage = await RefusingStage.open(isTls);
      await uploadByPython(stage, "chunked", 10);
    });
  });
}
