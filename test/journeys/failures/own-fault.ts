import assert from "node:assert/strict";
import { Client } from "undici";

import { answering } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

const marked = "/programmers-error";

/** Plants a programmer's error in the handling of an answer, where only requests for `marked` meet it. */
function plantError(): Disposable {
  const real = Reflect.get(Client.prototype, "dispatch");
  Client.prototype.dispatch = function dispatch(options, handler) {
    if (options.path === marked) {
      handler.onResponseStart = () => {
        throw new TypeError("secret-internals is not a function");
      };
    }
    return real.call(this, options, handler);
  };
  return {
    [Symbol.dispose]() {
      Client.prototype.dispatch = real;
    },
  };
}

export const ownFault = [
  journey("internal", "a programmer's error, its stack in the log alone", async (stage) => {
    using _planted = plantError();
    await stage.front(answering());
    const { failure } = await stage.fails({ code: "internal", secrets: ["secret-internals"] }, { target: marked });
    assert.match(JSON.stringify(failure), /secret-internals is not a function/, "the log names the cause");
    assert.match(JSON.stringify(failure), /own-fault\.ts/, "the log holds the stack");
  }),
];
