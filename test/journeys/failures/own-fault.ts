import assert from "node:assert/strict";

import { Call } from "../../../gateway/upstream/call.ts";
import { answering, responseBytes } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

/** Plants a programmer's error in the handling of an answer, where only marked answers meet it. */
function plantError(): Disposable {
  const real = Reflect.get(Call.prototype, "head");
  Call.prototype.head = function head(answer) {
    if (answer.fields.get("x-marked") === "yes") throw new TypeError("secret-internals is not a function");
    real.call(this, answer);
  };
  return {
    [Symbol.dispose]() {
      Call.prototype.head = real;
    },
  };
}

export const ownFault = [
  journey("internal", "a programmer's error, its stack in the log alone", async (stage) => {
    using _planted = plantError();
    await stage.front(answering(responseBytes("200 OK", "fine", [["X-Marked", "yes"]])));
    const { failure } = await stage.fails({ code: "internal", secrets: ["secret-internals"] });
    assert.match(JSON.stringify(failure), /secret-internals is not a function/, "the log names the cause");
    assert.match(JSON.stringify(failure), /own-fault\.ts/, "the log holds the stack");
  }),
];
