import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Failure } from "../../gateway/failures/failure.ts";
import { outcomeOf } from "../../gateway/observe/outcome.ts";
import { endedExchange } from "./exchanges.ts";

describe("the outcome that is logged", () => {
  it("is what the respond stage reported", () => {
    const outcome = { status: 422, code: "invalid_body", source: "client" } as const;
    assert.deepEqual(outcomeOf(endedExchange({ outcome, failure: new Failure("invalid_body") })), outcome);
  });

  it("is 499 for a client that left, even where an answer had begun", () => {
    const failure = new Failure("client_closed");
    const expected = { status: 499, code: "client_closed", source: "client" };
    assert.deepEqual(outcomeOf(endedExchange({ failure })), expected);
    const begun = { status: 200, code: "client_closed", source: "client" } as const;
    assert.deepEqual(outcomeOf(endedExchange({ failure, outcome: begun })), expected);
  });

  it("is the failure's own row where nothing was reported, with status 0 where none could be sent", () => {
    const refused = outcomeOf(endedExchange({ failure: new Failure("upstream_refused") }));
    assert.deepEqual(refused, { status: 502, code: "upstream_refused", source: "upstream" });
    assert.equal(outcomeOf(endedExchange({ failure: new Failure("upstream_incomplete") })).status, 0);
  });

  it("is internal where an exchange ended without a word: that is a bug", () => {
    const exchange = endedExchange();
    exchange.outcome = undefined;
    assert.deepEqual(outcomeOf(exchange), { status: 500, code: "internal", source: "gateway" });
  });
});
