import { describe, test } from "node:test";

import { pythonIsMissing } from "../support/python.ts";
import { RefusingStage, uploadByPython, uploadRaw } from "./early-refusals.ts";

const bounded = { timeout: 120_000 };

for (const isTls of [false, true]) {
  describe(`a client reads the refusal of an upload of 20 MB over ${isTls ? "TLS" : "TCP"}, ten times of ten`, () => {
    test("though it writes everything before it reads", bounded, async () => {
      await using stage = await RefusingStage.open(isTls);
      await uploadRaw(stage, "length", 10);
    });

    test("with a client of Python", { ...bounded, skip: pythonIsMissing }, async () => {
      await using stage = await RefusingStage.open(isTls);
      await uploadByPython(stage, "length", 10);
    });
  });
}
