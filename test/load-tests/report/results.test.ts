import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { Ajv } from "ajv";

import { publishedSchema } from "../../../load-tests/report/results.ts";
import { madeUpResults } from "./made-up-results.ts";

const file = new URL("../../../load-tests/report/results.schema.json", import.meta.url);

describe("the schema of results.json", () => {
  const validate = new Ajv({ strict: true }).compile(publishedSchema());

  test("is published as it is in the code", () => {
    assert.equal(readFileSync(file, "utf8"), `${JSON.stringify(publishedSchema(), null, 2)}\n`);
  });

  test("takes results, and refuses what is not there or not known", () => {
    const written = JSON.parse(JSON.stringify(madeUpResults)) as Record<string, unknown>;
    assert.ok(validate(written), JSON.stringify(validate.errors));
    const { seed: _seed, ...without } = written;
    assert.ok(!validate(without));
    assert.ok(!validate({ ...written, more: 1 }));
    assert.ok(!validate({ ...written, verdict: "skipped" }));
  });
});
