import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ClientRequest, GatewayRoute, Rooms } from "../gateway/pipeline/pipeline.ts";
import type { Exchange, UpstreamAnswer } from "../gateway/exchange/exchange.ts";
import type { Failure } from "../gateway/failures/failure.ts";

import { Failure as FailureOf, TimerExpired } from "../gateway/failures/failure.ts";
import { Gateway } from "../gateway/gateway.ts";
import { exchangeUnderTest, receivedFields } from "./support/exchange-under-test.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { FakeRequest } from "./support/fake-request.ts";
import { FakeResponse } from "./support/fake-response.ts";

type RoomName = "conduct" | "route" | "admit" | "validate" | "acquire" | "attempt" | "relay";

const order: readonly RoomName[] = ["conduct", "route", "admit", "validate", "acquire", "attempt", "relay"];
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

/** Rooms that note who enters; any may be given something to do instead. */
class FakeRooms {
  readonly visited: string[] = [];
  readonly answered: Failure[] = [];
  readonly finished: Exchange[] = [];
  readonly deeds: Partial<Record<RoomName | "respond", (exchange: Exchange) => unknown>> = {};
  permits = 0;
  readonly clock = new FakeClock();

  rooms(): Rooms {
    const enter = (name: RoomName, exchange: Exchange | undefined): unknown => {
      this.visited.push(name);
      return this.deeds[name]?.(exchange as Exchange);
    };
    return {
      open: (request) => exchangeUnderTest({ clock: this.clock, request, response: request.response }),
      conduct: (exchange) => void enter("conduct", exchange),
      isAsked: () => false,
      answer: async () => {},
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
      screen: (received) => received,
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
      holdings: {} as Rooms["holdings"],
      close() {},
    };
  }
}

function setUp() {
  const rooms = new FakeRooms();
  const gateway = new Gateway(rooms.rooms());
  const request = new FakeClientRequest();
  const handle = async (): Promise<void> => {
    gateway.handle(request);
    await gateway.idle();
  };
  return { rooms, gateway, request, handle };
}

describe("the page", () => {
  test("leads a request through the rooms in their order, and answers nothing itself", async () => {
    const { rooms, gateway, request, handle } = setUp();
    await handle();
    assert.deepEqual(rooms.visited, order);
    assert.deepEqual(request.ended, [false]);
    assert.deepEqual(rooms.answered, []);
    assert.equal(rooms.finished.length, 1);
    assert.deepEqual([rooms.permits, gateway.inFlight], [0, 0]);
  });

  for (const [index, room] of order.entries()) {
    test(`a failure thrown in ${room} ends the way there: answered once, finished once, nothing held`, async () => {
      const { rooms, gateway, handle } = setUp();
      const failure = new FailureOf("maintenance");
      rooms.deeds[room] = () => {
        throw failure;
      };
      await handle();
      assert.deepEqual(rooms.visited, order.slice(0, index + 1));
      assert.deepEqual(rooms.answered, [failure]);
      assert.equal(rooms.finished.length, 1);
      assert.deepEqual([rooms.permits, gateway.inFlight], [0, 0]);
    });

    test(`a programmer's error in ${room} is internal, once`, async () => {
      const { rooms, gateway, handle } = setUp();
      const bug = Object.assign(new TypeError("x is not a function"), { code: "ERR_INVALID_ARG_TYPE" });
      rooms.deeds[room] = (exchange) => {
        if (room === "relay") exchange.phase = "relay";
        throw bug;
      };
      await handle();
      assert.deepEqual(
        rooms.answered.map(({ code, cause }) => [code, cause]),
        [["internal", bug]],
      );
      assert.equal(rooms.finished.length, 1);
      assert.deepEqual([rooms.permits, gateway.inFlight], [0, 0]);
    });
  }

  test("a rejection is the same as a throw", async () => {
    for (const room of ["validate", "acquire", "attempt", "relay"] as const) {
      const { rooms, gateway, handle } = setUp();
      rooms.deeds[room] = () => Promise.reject(new TimerExpired("queue"));
      if (room === "acquire") rooms.deeds.acquire = () => failingAcquire(rooms);
      await handle();
      assert.deepEqual(
        rooms.answered.map(({ code }) => code),
        ["queue_timeout"],
      );
      assert.equal(rooms.finished.length, 1);
      assert.equal(gateway.inFlight, 0);
    }
  });

  test("a bug in answering destroys the connection, is logged as internal, and nobody answers twice", async () => {
    const { rooms, gateway, request, handle } = setUp();
    rooms.deeds.route = () => {
      throw new FailureOf("no_route");
    };
    rooms.deeds.respond = () => {
      throw new RangeError("too much");
    };
    await handle();
    assert.equal(rooms.answered.length, 1);
    assert.ok(request.response.isAborted);
    assert.equal(rooms.finished[0]?.failure?.code, "internal");
    assert.equal(rooms.finished.length, 1);
    assert.equal(gateway.inFlight, 0);
  });

  test("an answer that is not taken after all is given up, and its connection with it", async () => {
    const { rooms, handle } = setUp();
    const heard: Error[] = [];
    rooms.deeds.attempt = (exchange) => exchange.await({ cancel: (reason) => void heard.push(reason) });
    rooms.deeds.relay = () => {
      throw new FailureOf("upstream_protocol_error");
    };
    await handle();
    assert.deepEqual(heard, rooms.answered);
    assert.equal(heard.length, 1);
  });

  test("what an exchange holds is given back before it is finished with", async () => {
    const { rooms, handle } = setUp();
    let given = 0;
    rooms.deeds.validate = (exchange) => {
      exchange.reservation = { [Symbol.dispose]: () => void given++ };
      exchange.alarm.setDeadline(rooms.clock.now() + 1000);
      exchange.alarm.wait("body", Infinity);
    };
    await handle();
    assert.equal(given, 1);
    assert.equal(rooms.clock.pending, 0);
  });
});

/** A permit that never comes: the fake counts it before it waits. */
function failingAcquire(rooms: FakeRooms): Promise<void> {
  rooms.permits--;
  return Promise.reject(new TimerExpired("queue"));
}

describe("a client that leaves", () => {
  test("cancels what is under way, within the tick", async () => {
    const { rooms, request, handle } = setUp();
    let heard: Error | undefined;
    rooms.deeds.attempt = (exchange) =>
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
      rooms.answered.map(({ code }) => code),
      ["client_closed"],
    );
    assert.equal(rooms.permits, 0);
  });
});

describe("a request that turns out to be broken", () => {
  test("in its head enters no room: what is wrong with it is answered, once", async () => {
    const { rooms, gateway, request, handle } = setUp();
    const failure = new FailureOf("malformed_request");
    Object.assign(request, { failure, isLast: true });
    await handle();
    assert.deepEqual(rooms.visited, []);
    assert.deepEqual(rooms.answered, [failure]);
    assert.equal(rooms.finished[0]?.failure, failure);
    assert.deepEqual([request.ended, gateway.inFlight], [[true], 0]);
  });

  test("in its body is cancelled with what is wrong while that is on its way", async () => {
    const { rooms, request, handle } = setUp();
    rooms.deeds.validate = (exchange) => new Promise((_resolve, reject) => exchange.await({ cancel: reject }));
    const handled = handle();
    await turn();
    const failure = new FailureOf("malformed_request", { close: true });
    request.owner?.cancel(failure);
    await handled;
    assert.deepEqual(rooms.answered, [failure]);
  });

  test("is its connection's last where the connection says so", async () => {
    const { rooms, request, handle } = setUp();
    request.isLast = true;
    let wasLast: boolean | undefined;
    rooms.deeds.relay = (exchange) => void (wasLast = exchange.isLast);
    await handle();
    assert.deepEqual([wasLast, request.ended], [true, [true]]);
  });
});

describe("draining", () => {
  test("first marks answers as their connection's last, also of requests that came before", async () => {
    const { rooms, gateway, handle } = setUp();
    rooms.deeds.attempt = () => {
      gateway.admission = "closing";
    };
    let wasLast: boolean | undefined;
    rooms.deeds.relay = (exchange) => {
      wasLast = exchange.isLast;
    };
    await handle();
    assert.equal(wasLast, true);
    assert.deepEqual(rooms.answered, []);
  });

  test("then marks refusals too", async () => {
    const { rooms, gateway, handle } = setUp();
    gateway.admission = "closing";
    rooms.deeds.route = () => {
      throw new FailureOf("no_route");
    };
    await handle();
    assert.equal(rooms.finished[0]?.isLast, true);
  });

  test("at last refuses what is new before any room is entered", async () => {
    const { rooms, gateway, request, handle } = setUp();
    gateway.admission = "closed";
    await handle();
    assert.deepEqual(request.ended, [true]);
    assert.deepEqual(rooms.visited, []);
    assert.deepEqual(
      rooms.answered.map(({ code }) => code),
      ["draining"],
    );
  });

  test("ends the connection of an answer that had begun before, once it is out", async () => {
    const { rooms, gateway, request, handle } = setUp();
    rooms.deeds.relay = () => {
      gateway.admission = "closed";
    };
    await handle();
    assert.deepEqual(request.ended, [true]);
  });

  test("is told when nothing is under way any more", async () => {
    const { rooms, gateway, handle } = setUp();
    await gateway.idle();
    let relayed: (() => void) | undefined;
    rooms.deeds.relay = () => new Promise<void>((resolve) => (relayed = resolve));
    const handled = handle();
    await turn();
    assert.equal(gateway.inFlight, 1);
    let isIdle = false;
    const idle = gateway.idle().then(() => (isIdle = true));
    await turn();
    assert.equal(isIdle, false);
    relayed?.();
    await Promise.all([handled, idle]);
    assert.equal(rooms.finished.length, 1, "and finished with");
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
