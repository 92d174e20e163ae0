import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { compilePriority } from "../../gateway/acquire/priority.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

function asked(text: string, isTrusted = true) {
  return exchangeUnderTest({ fields: [["x-priority", text]], inbound: { isTrusted } });
}

describe("the priority of a request", () => {
  const priorityOf = compilePriority("X-Priority");

  test("is what a trusted peer says, in any case", () => {
    assert.equal(priorityOf(asked("critical"), "normal"), "critical");
    assert.equal(priorityOf(asked("Sheddable"), "critical"), "sheddable");
    assert.equal(priorityOf(asked("NORMAL"), "sheddable"), "normal");
  });

  test("is the route's where anybody else says it", () => {
    assert.equal(priorityOf(asked("critical", false), "sheddable"), "sheddable");
  });

  test("is the route's where the field is absent, twice there, or says nothing that is known", () => {
    for (const text of ["", "urgent", "critical, critical", "critical now", "constructor", "x".repeat(8000)]) {
      assert.equal(priorityOf(asked(text), "sheddable"), "sheddable", text);
    }
    assert.equal(priorityOf(exchangeUnderTest({ inbound: { isTrusted: true } }), "critical"), "critical");
  });

  test("is the route's where no field is believed", () => {
    assert.equal(compilePriority(undefined)(asked("critical"), "normal"), "normal");
  });
});
