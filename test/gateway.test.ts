import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, test } from "node:test";

import type { GatewayRoute, Rooms } from "../gateway/rooms.ts";
import type { Exchange, UpstreamAnswer } from "../gateway/exchange.ts";
import type { Failure } from "../gateway/failures/failure.ts";

import { Failure as FailureOf, TimerExpired } from "../gateway/failures/failure.ts";
import { Gateway } from "../gateway/gateway.ts";
import { exchangeUnderTest } from "./support/exchange-under-test.ts";
import { FakeClock } from "./support/fake-clock.ts";

type RoomName = "conduct" | "route" | "admit" | "validate" | "acquire" | "attempt" | "relay";

const order: readonly RoomName[] = ["conduct", "route", "admit", "validate", "acquire", "attempt", "relay"];
const answer = {} as UpstreamAnswer;
const route = {} as GatewayRoute;

class FakeResponse extends EventEmitter {
  writableFinished = false;
  isDestroyed = false;

  destroy(): void {
    this.isDestroyed = true;
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
      mayUpgrade: () => false,
      open: (req, res) => exchangeUnderTest({ clock: this.clock, req, res }),
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
        const permit = { [Symbol.dispose]: () => void this.permits-- };
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
      maxRequestsPerSocket: 100,
      close() {},
    };
  }
}

function setUp() {
  const rooms = new FakeRooms();
  const gateway = new Gateway(rooms.rooms());
  const res = new FakeResponse();
  let ended = 0;
  const socket = { destroySoon: () => void ended++, writable: true, bytesRead: 0 };
  const req = { socket, headers: {}, rawHeaders: [], complete: true } as unknown as IncomingMessage;
  const handle = async (): Promise<void> => {
    gateway.handle(req, res as unknown as ServerResponse, false);
    await gateway.idle();
  };
  const endings = (): number => ended;
  return { rooms, gateway, res, req, handle, endings, socket: socket as unknown as Socket };
}

describe("the page", () => {
  test("leads a request through the rooms in their order, and answers nothing itself", async () => {
    const { rooms, gateway, handle } = setUp();
    await handle();
    assert.deepEqual(rooms.visited, order);
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
    const { rooms, gateway, res, handle } = setUp();
    rooms.deeds.route = () => {
      throw new FailureOf("no_route");
    };
    rooms.deeds.respond = () => {
      throw new RangeError("too much");
    };
    await handle();
    assert.equal(rooms.answered.length, 1);
    assert.ok(res.isDestroyed);
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
    const { rooms, res, handle } = setUp();
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
    res.emit("close");
    assert.ok(heard instanceof FailureOf && heard.code === "client_closed");
    await handled;
    assert.deepEqual(
      rooms.answered.map(({ code }) => code),
      ["client_closed"],
    );
    assert.equal(rooms.permits, 0);
  });

  test("after its answer, cancels nothing", async () => {
    const { rooms, res, handle } = setUp();
    await handle();
    res.writableFinished = true;
    res.emit("close");
    assert.equal(rooms.finished[0]?.cancelled, undefined);
  });
});

describe("a request that turns out to be broken", () => {
  test("is cancelled with the failure while its body is on its way", async () => {
    const { rooms, gateway, req, socket, handle } = setUp();
    Object.assign(req, { complete: false });
    rooms.deeds.validate = (exchange) => new Promise((_resolve, reject) => exchange.await({ cancel: reject }));
    const handled = handle();
    await turn();
    assert.equal(gateway.line(socket).breakOff(new FailureOf("malformed_request")), true);
    await handled;
    assert.deepEqual(
      rooms.answered.map(({ code }) => code),
      ["malformed_request"],
    );
    assert.equal(rooms.finished[0]?.isLast, true);
  });

  test("is answered where it is whole: what is broken came behind it, and the connection ends after the answer", async () => {
    const { rooms, gateway, socket, res, handle, endings } = setUp();
    rooms.deeds.relay = () => {
      assert.equal(endings(), 0);
      res.writableFinished = true;
    };
    let answerIt: (() => void) | undefined;
    rooms.deeds.attempt = () => new Promise<void>((resolve) => (answerIt = resolve));
    const handled = handle();
    await turn();
    assert.equal(gateway.line(socket).breakOff(new FailureOf("malformed_request")), true);
    answerIt?.();
    await handled;
    assert.deepEqual(rooms.answered, []);
    assert.equal(rooms.finished[0]?.isLast, true);
    assert.equal(endings(), 1);
  });

  test("is nobody's where the last answer is out", async () => {
    const { gateway, res, socket, handle } = setUp();
    assert.equal(gateway.line(socket).breakOff(new FailureOf("malformed_request")), false);
    await handle();
    res.writableFinished = true;
    assert.equal(gateway.line(socket).breakOff(new FailureOf("malformed_request")), false);
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
    const { rooms, gateway, handle } = setUp();
    gateway.admission = "closed";
    await handle();
    assert.deepEqual(rooms.visited, []);
    assert.deepEqual(
      rooms.answered.map(({ code }) => code),
      ["draining"],
    );
  });

  test("ends the connection of an answer that had begun before, once it is out", async () => {
    const { rooms, gateway, res, handle, endings } = setUp();
    rooms.deeds.relay = () => {
      gateway.admission = "closed";
      res.writableFinished = true;
    };
    await handle();
    assert.equal(endings(), 1);
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
