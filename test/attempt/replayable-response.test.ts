import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BodySink, UpstreamAnswer } from "../../gateway/exchange/exchange.ts";

import { KeptAnswer } from "../../gateway/attempt/replayable-response.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** An answer whose body the test lets come. */
class Source implements UpstreamAnswer {
  readonly status = 503;
  readonly headers = ["x-a", "b"];
  readonly proxyStatus = "up";
  sink: BodySink | undefined;
  resumed = 0;

  flow(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed += 1;
  }

  write(text: string): boolean | undefined {
    return this.sink?.write(Buffer.from(text));
  }
}

class Taken implements BodySink {
  text = "";
  ending: "whole" | "broken" | undefined;
  isFull = false;

  write(chunk: Buffer): boolean {
    this.text += String(chunk);
    return !this.isFull;
  }

  end(last: Buffer | undefined): void {
    this.text += last === undefined ? "" : String(last);
    this.ending = "whole";
  }

  fail(): void {
    this.ending = "broken";
  }
}

function setUp() {
  const clock = new FakeClock();
  const source = new Source();
  const answer = new KeptAnswer(source, clock);
  return { clock, source, answer, kept: answer.keep(250), taken: new Taken() };
}

describe("an answer that is kept", () => {
  test("has the status, fields and body of its own, whenever they are asked for", async () => {
    const { clock, source, answer, kept, taken } = setUp();
    source.write("one ");
    source.write("two ");
    source.sink?.end(Buffer.from("three"));
    assert.equal(await kept, true);
    assert.equal(clock.pending, 0);
    assert.deepEqual([answer.status, answer.headers, answer.proxyStatus], [503, ["x-a", "b"], "up"]);
    answer.flow(taken);
    assert.deepEqual([taken.text, taken.ending], ["one two three", "whole"]);
  });

  test("may have no body at all", async () => {
    const { source, answer, kept, taken } = setUp();
    source.sink?.end(undefined);
    assert.equal(await kept, true);
    answer.flow(taken);
    assert.deepEqual([taken.text, taken.ending], ["", "whole"]);
  });

  test("breaks off where its body had", async () => {
    const { source, answer, kept, taken } = setUp();
    source.write("half");
    source.sink?.fail(new Error("gone"));
    assert.equal(await kept, true);
    answer.flow(taken);
    assert.deepEqual([taken.text, taken.ending], ["half", "broken"]);
  });

  test("is not kept where it is too long: the upstream waits, and all of it is relayed", async () => {
    const { clock, source, answer, kept, taken } = setUp();
    assert.equal(source.write("x".repeat(65_536)), true);
    assert.equal(source.write("y"), false);
    assert.equal(await kept, false);
    assert.equal(clock.pending, 0);
    answer.flow(taken);
    assert.equal(source.resumed, 1);
    source.write("z");
    source.sink?.end(undefined);
    assert.equal(taken.text, `${"x".repeat(65_536)}yz`);
    assert.equal(taken.ending, "whole");
  });

  test("lets the upstream wait on for a client that takes nothing", async () => {
    const { source, answer, kept, taken } = setUp();
    source.write("x".repeat(65_537));
    await kept;
    taken.isFull = true;
    answer.flow(taken);
    assert.equal(source.resumed, 0);
    answer.resume();
    assert.equal(source.resumed, 1);
  });

  test("is not kept where it is too slow, and what comes later is relayed", async () => {
    const { clock, source, answer, kept, taken } = setUp();
    source.write("slow ");
    clock.advance(250);
    assert.equal(await kept, false);
    source.write("and ");
    answer.flow(taken);
    source.write("steady");
    source.sink?.fail(new Error("gone"));
    assert.deepEqual([taken.text, taken.ending], ["slow and steady", "broken"]);
  });
});
