import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ClientRequest, GatewayRoute, Pipeline } from "../gateway/pipeline/pipeline.ts";
import type { Exchange, UpstreamAnswer } from "../gateway/exchange/exchange.ts";
import type { Failure } from "../gateway/failures/failure.ts";

import { Failure as FailureOf, TimerExpired } from "../gateway/failures/failure.ts";
import { Gateway } from "../gateway/gateway.ts";
import { exchangeUnderTest, receivedFields } from "./support/exchange-under-test.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { FakeRequest } from "./support/fake-request.ts";
import { FakeResponse } from "./support/fake-response.ts";

type StageName = "check" | "route" | "admit" | "validate" | "acquire" | "attempt" | "relay";

const order: readonly StageName[] = ["check", "route", "admit", "validate", "acquire", "attempt", "relay"];
const answer = {} as UpstreamAnswer;
const route = {} as GatewayRoute;

/** A request as a connection hands it over. */
class FakeClientRequest extends FakeRequest implements ClientRequest {
  readonly head = { method: "GET", target: "/orders", minorVersion: 1, fields: receivedFields() } as const;
  readonly peer = { remoteAddress: "192.0.2.1", isSecure: false };
  readonly response = new FakeResponse();
  failure: Failure | undefined;
  isLast = false;
  /** Who hears that the client has left. */
  owner: { cancel(reason: Error): void } | undefined;
  /** Whether the connection was to end, at the end of each exchange. */
  readonly ended: boolean[] = [];

  carry(owner: { cancel(reason: Error): void }): void {
    this.owner = owner;
  }

  exchangeEnded(isLast: boolean): void {
    this.ended.push(isLast);
  }

  takeOver(): never {
    assert.fail("nothing may be taken over");
  }
}

/** Pipeline that note who enters; any may be given something to do instead. */
class FakePipeline {
  readonly visited: string[] = [];
  readonly answered: Failure[] = [];
  readonly finished: Exchange[] = [];
  readonly deeds: Partial<Record<StageName | "respond", (exchange: Exchange) => unknown>> = {};
  permits = 0;
  readonly clock = new FakeClock();

  pipeline(): Pipeline {
    const enter = (name: StageName, exchange: Exchange | undefined): unknown => {
      this.visited.push(name);
      return this.deeds[name]?.(exchange as Exchange);
    };
    return {
      open: (request) => exchangeUnderTest({ clock: this.clock, request, response: request.response }),
      check: (exchange) => void enter("check", exchange),
      isForGateway: () => false,
      respondToOptions: async () => {},
      route: (exchange) => {
        enter("route", exchange);
        return route;
      },
      admit: () => void enter("admit", undefined),
      validate: (_route, exchange) => enter("validate", exchange) as Promise<void>,
      acquire: (_route, exchange) => {
        const waits = enter("acquire", exchange);
        this.permits++;
        const permit = { watch() {}, [Symbol.dispose]: () => void this.permits-- };
        return waits instanceof Promise ? waits.then(() => permit) : permit;
      },
      attempt: async (_route, exchange) => {
        await enter("attempt", exchange);
        return answer;
      },
      applyPolicy: (received) => received,
      relay: async (_answer, _route, exchange) => {
        assert.equal(this.permits, 1, "the permit is held until the body is relayed");
        await enter("relay", exchange);
      },
      respond: async (failure, exchange) => {
        this.answered.push(failure);
        assert.equal(this.permits, 0, "a failure is answered without a permit");
        await this.deeds.respond?.(exchange);
      },
      finish: (exchange) => void this.finished.push(exchange),
      shared: {} as Pipeline["shared"],
      close() {},
    };
  }
}

function setUp() {
  const pipeline = new FakePipeline();
  const gateway = new Gateway(pipeline.pipeline());
  const request = new FakeClientRequest();
  const handle = async (): Promise<void> => {
    gateway.handle(request);
    await gateway.idle();
  };
  return { pipeline, gateway, request, handle };
}

describe("the page", () => {
  test("leads a request through the stages in their order, and answers nothing itself", async () => {
    const { pipeline, gateway, request, handle } = setUp();
    await handle();
    assert.deepEqual(pipeline.visited, order);
    assert.deepEqual(request.ended, [false]);
    assert.deepEqual(pipeline.answered, []);
    assert.equal(pipeline.finished.length, 1);
    assert.deepEqual([pipeline.permits, gateway.inFlight], [0, 0]);
  });

  for (const [index, stage] of order.entries()) {
    test(`a failure thrown in ${stage} ends the way there: answered once, finished once, nothing held`, async () => {
      const { pipeline, gateway, handle } = setUp();
      const failure = new FailureOf("maintenance");
      pipeline.deeds[stage] = () => {
        throw failure;
      };
      await handle();
      assert.deepEqual(pipeline.visited, order.slice(0, index + 1));
      assert.deepEqual(pipeline.answered, [failure]);
      assert.equal(pipeline.finished.length, 1);
      assert.deepEqual([pipeline.permits, gateway.inFlight], [0, 0]);
    });

    test(`a programmer's error in ${stage} is internal, once`, async () => {
      const { pipeline, gateway, handle } = setUp();
      const bug = Object.assign(new TypeError("x is not a function"), { code: "ERR_INVALID_ARG_TYPE" });
      pipeline.deeds[stage] = (exchange) => {
        if (stage === "relay") exchange.phase = "relay";
        throw bug;
      };
      await handle();
      assert.deepEqual(
        pipeline.answered.map(({ code, cause }) => [code, cause]),
        [["internal", bug]],
      );
      assert.equal(pipeline.finished.length, 1);
      assert.deepEqual([pipeline.permits, gateway.inFlight], [0, 0]);
    });
  }

  test("a rejection is the same as a throw", async () => {
    for (const stage of ["validate", "acquire", "attempt", "relay"] as const) {
      const { pipeline, gateway, handle } = setUp();
      pipeline.deeds[stage] = () => Promise.reject(new TimerExpired("queue"));
      if (stage === "acquire") pipeline.deeds.acquire = () => failingAcquire(pipeline);
      await handle();
      assert.deepEqual(
        pipeline.answered.map(({ code }) => code),
        ["queue_timeout"],
      );
      assert.equal(pipeline.finished.length, 1);
      assert.equal(gateway.inFlight, 0);
    }
  });

  test("a bug in answering destroys the connection, is logged as internal, and nobody answers twice", async () => {
    const { pipeline, gateway, request, handle } = setUp();
    pipeline.deeds.route = () => {
      throw new FailureOf("no_route");
    };
    pipeline.deeds.respond = () => {
      throw new RangeError("too much");
    };
    await handle();
    assert.equal(pipeline.answered.length, 1);
    assert.ok(request.response.isAborted);
    assert.equal(pipeline.finished[0]?.failure?.code, "internal");
    assert.equal(pipeline.finished.length, 1);
    assert.equal(gateway.inFlight, 0);
  });

  test("an answer that is not taken after all is given up, and its connection with it", async () => {
    const { pipeline, handle } = setUp();
    const heard: Error[] = [];
    pipeline.deeds.attempt = (exchange) => exchange.await({ cancel: (reason) => void heard.push(reason) });
    pipeline.deeds.relay = () => {
      throw new FailureOf("upstream_protocol_error");
    };
    await handle();
    assert.deepEqual(heard, pipeline.answered);
    assert.equal(heard.length, 1);
  });

  test("what an exchange holds is given back before it is finished with", async () => {
    const { pipeline, handle } = setUp();
    let given = 0;
    pipeline.deeds.validate = (exchange) => {
      exchange.reservation = { [Symbol.dispose]: () => void given++ };
      exchange.timer.setDeadline(pipeline.clock.now() + 1000);
      exchange.timer.wait("body", Infinity);
    };
    await handle();
    assert.equal(given, 1);
    assert.equal(pipeline.clock.pending, 0);
  });
});

/** A permit that never comes: the fake counts it before it waits. */
function failingAcquire(pipeline: FakePipeline): Promise<void> {
  pipeline.permits--;
  return Promise.reject(new TimerExpired("queue"));
}

describe("a client that leaves", () => {
  test("cancels what is under way, within the tick", async () => {
    const { pipeline, request, handle } = setUp();
    let heard: Error | undefined;
    pipeline.deeds.attempt = (exchange) =>
      new Promise((_resolve, reject) => {
        exchange.await({
          cancel: (reason) => {
            heard = reason;
            reject(reason);
          },
        });
      });
    const handled = handle();
    await turn();
    request.owner?.cancel(new FailureOf("client_closed"));
    assert.ok(heard instanceof FailureOf && heard.code === "client_closed");
    await handled;
    assert.deepEqual(
      pipeline.answered.map(({ code }) => code),
      ["client_closed"],
    );
    assert.equal(pipeline.permits, 0);
  });
});

describe("a request that turns out to be broken", () => {
  test("in its head enters no stage: what is wrong with it is answered, once", async () => {
    const { pipeline, gateway, request, handle } = setUp();
    const failure = new FailureOf("malformed_request");
    Object.assign(request, { failure, isLast: true });
    await handle();
    assert.deepEqual(pipeline.visited, []);
    assert.deepEqual(pipeline.answered, [failure]);
    assert.equal(pipeline.finished[0]?.failure, failure);
    assert.deepEqual([request.ended, gateway.inFlight], [[true], 0]);
  });

  test("in its body is cancelled with what is wrong while that is on its way", async () => {
    const { pipeline, request, handle } = setUp();
    pipeline.deeds.validate = (exchange) => new Promise((_resolve, reject) => exchange.await({ cancel: reject }));
    const handled = handle();
    await turn();
    const failure = new FailureOf("malformed_request", { close: true });
    request.owner?.cancel(failure);
    await handled;
    assert.deepEqual(pipeline.answered, [failure]);
  });

  test("is its connection's last where the connection says so", async () => {
    const { pipeline, request, handle } = setUp();
    request.isLast = true;
    let wasLast: boolean | undefined;
    pipeline.deeds.relay = (exchange) => void (wasLast = exchange.isLast);
    await handle();
    assert.deepEqual([wasLast, request.ended], [true, [true]]);
  });
});

describe("draining", () => {
  test("first marks answers as their connection's last, also of requests that came before", async () => {
    const { pipeline, gateway, handle } = setUp();
    pipeline.deeds.attempt = () => {
      gateway.admission = "closing";
    };
    let wasLast: boolean | undefined;
    pipeline.deeds.relay = (exchange) => {
      wasLast = exchange.isLast;
    };
    await handle();
    assert.equal(wasLast, true);
    assert.deepEqual(pipeline.answered, []);
  });

  test("then marks refusals too", async () => {
    const { pipeline, gateway, handle } = setUp();
    gateway.admission = "closing";
    pipeline.deeds.route = () => {
      throw new FailureOf("no_route");
    };
    await handle();
    assert.equal(pipeline.finished[0]?.isLast, true);
  });

  test("at last refuses what is new before any stage is entered", async () => {
    const { pipeline, gateway, request, handle } = setUp();
    gateway.admission = "closed";
    await handle();
    assert.deepEqual(request.ended, [true]);
    assert.deepEqual(pipeline.visited, []);
    assert.deepEqual(
      pipeline.answered.map(({ code }) => code),
      ["draining"],
    );
  });

  test("ends the connection of an answer that had begun before, once it is out", async () => {
    const { pipeline, gateway, request, handle } = setUp();
    pipeline.deeds.relay = () => {
      gateway.admission = "closed";
    };
    await handle();
    assert.deepEqual(request.ended, [true]);
  });

  test("is told when nothing is under way any more", async () => {
    const { pipeline, gateway, handle } = setUp();
    await gateway.idle();
    let relayed: (() => void) | undefined;
    pipeline.deeds.relay = () => new Promise<void>((resolve) => (relayed = resolve));
    const handled = handle();
    await turn();
    assert.equal(gateway.inFlight, 1);
    let isIdle = false;
    const idle = gateway.idle().then(() => (isIdle = true));
    await turn();
    assert.equal(isIdle, false);
    relayed?.();
    await Promise.all([handled, idle]);
    assert.equal(pipeline.finished.length, 1, "and finished with");
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
