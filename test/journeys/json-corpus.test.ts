import assert from "node:assert/strict";
import { test } from "node:test";

import { corpus, sendCorpus } from "./json-corpus.ts";

test(
  "of a corpus of JSON texts the valid arrive byte for byte, and no other arrives",
  { timeout: 60_000 },
  async (t) => {
    const cases = corpus();
    assert.ok(cases.length >= 250, `${cases.length} cases`);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, "each name once");
    t.diagnostic(JSON.stringify(await sendCorpus(cases)));
  },
);

test("JSON.parse agrees with the corpus on all that RFC 8259 decides", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (const { name, bytes, isAccepted } of corpus().filter((one) => !one.name.startsWith("i_"))) {
    const parse = (): unknown => JSON.parse(decoder.decode(bytes));
    if (isAccepted) assert.doesNotThrow(parse, name);
    else assert.throws(parse, name);
  }
});
