import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Attempt, Exchange } from "../../gateway/exchange/exchange.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { ReceivedResponse } from "../support/http-message.ts";
import type { RequestParts } from "../support/raw-client.ts";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { failureTable } from "../../gateway/failures/table.ts";
import { Responder } from "../../gateway/respond/problem.ts";
import { ProxyStatus } from "../../gateway/respond/proxy-status.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeResponse } from "../support/fake-response.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { assertProblem } from "../support/problem-assert.ts";
import { connectClient, requestBytes, exchange as ask } from "../support/raw-client.ts";
import { openServer } from "./answering-server.ts";

const name = "edge-1";
const bounded = { timeout: 20_000 };

function responderWith(options: { readonly problemsBase?: string; readonly random?: () => number } = {}): Responder {
  return new Responder({
    proxyStatus: new ProxyStatus(name),
    problemsBase: options.problemsBase,
    random: options.random ?? (() => 0.5),
  });
}

interface Case {
  readonly failure: Failure;
  readonly prepare?: (exchange: Exchange) => void;
  readonly parts?: RequestParts;
  readonly responder?: Responder;
}

/** What a client receives of the failure, and the exchange afterwards. */
async function responded({ failure, prepare, parts, responder = responderWith() }: Case) {
  let seen: Exchange | undefined;
  await using server = await openServer(async (exchange) => {
    seen = exchange;
    prepare?.(exchange);
    await responder.respond(failure, exchange);
  });
  const response: ReceivedResponse = await ask(server.port, parts);
  await Promise.all(server.ends);
  assert.ok(seen !== undefined);
  return { response, exchange: seen };
}

const sent = { sent: true } as Attempt;

describe("a failure's answer", bounded, () => {
  for (const code of failureCodes.filter((one) => failureTable[one].status !== null)) {
    test(`is whole for ${code}`, async () => {
      const { response, exchange } = await responded({ failure: new Failure(code) });
      assertProblem(code, response, { name });
      assert.deepEqual(exchange.outcome, { status: response.status, code, source: failureTable[code].source });
      assert.equal(exchange.bytesOut, response.body.length);
      assert.equal(valueOf(response.fields, "x-content-type-options"), "nosniff");
    });
  }

  test("carries detail, errors and fields of the failure, and the status that the route chose", async () => {
    const errors = [{ pointer: "#/lines/0/sku", keyword: "required", detail: "is required" }];
    const headers = [["Allow", "GET, HEAD"]] as const;
    const failure = new Failure("invalid_body", { status: 422, detail: "The order is not valid.", errors, headers });
    const { response } = await responded({ failure, responder: responderWith({ problemsBase: "https://e.test/" }) });
    const problem = assertProblem("invalid_body", response, { name, status: 422, problemsBase: "https://e.test/" });
    assert.deepEqual(problem.errors, errors);
    assert.equal((JSON.parse(response.body.toString()) as { detail: string }).detail, "The order is not valid.");
    assert.deepEqual(valuesOf(response.fields, "allow"), ["GET, HEAD"]);
  });

  test("shows nothing of its cause", async () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:5432 /srv/app.ts"), { code: "ECONNREFUSED" });
    const { response } = await responded({ failure: new Failure("upstream_refused", { cause }) });
    assertProblem("upstream_refused", response, { name, secrets: ["10.1.2.3", "/srv"] });
  });

  test("to HEAD is the head alone, with the length that GET would have", async () => {
    const failure = new Failure("no_route");
    const head = await responded({ failure, parts: { method: "HEAD" } });
    const get = await responded({ failure });
    assert.equal(head.response.body.length, 0);
    assert.equal(head.exchange.bytesOut, 0);
    assert.equal(valueOf(head.response.fields, "content-length"), String(get.response.body.length));
  });

  test("says whether asking again can help: what is idempotent, or never left", async () => {
    const retryable = async (code: FailureCode, method: string, prepare?: (exchange: Exchange) => void) => {
      const { response } = await responded({
        failure: new Failure(code),
        parts: { method },
        ...(prepare === undefined ? {} : { prepare }),
      });
      return (JSON.parse(response.body.toString()) as { retryable: boolean }).retryable;
    };
    const reached = (exchange: Exchange): void => void exchange.attempts.push(sent);
    assert.equal(await retryable("upstream_reset", "GET", reached), true);
    assert.equal(await retryable("upstream_reset", "POST", reached), false);
    assert.equal(await retryable("upstream_reset", "POST"), true);
    assert.equal(await retryable("circuit_open", "POST", reached), true);
    assert.equal(await retryable("no_route", "GET"), false);
  });
});

describe("the connection after a failure", bounded, () => {
  const connectionOf = async (one: Case) => valueOf((await responded(one)).response.fields, "connection");

  test("goes on where nothing speaks against it", async () => {
    assert.notEqual(await connectionOf({ failure: new Failure("no_route") }), "close");
  });

  test("closes where the row, the failure or the exchange says so", async () => {
    assert.equal(await connectionOf({ failure: new Failure("method_unknown") }), "close");
    assert.equal(await connectionOf({ failure: new Failure("malformed_request", { close: true }) }), "close");
    const prepare = (exchange: Exchange): void => void (exchange.isLast = true);
    assert.equal(await connectionOf({ failure: new Failure("no_route"), prepare }), "close");
  });
});

describe("where an answer has begun", bounded, () => {
  for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
    test(`a failure breaks it off, and never ends it cleanly: ${version}`, async () => {
      const responder = responderWith();
      let seen: Exchange | undefined;
      await using server = await openServer(async (exchange) => {
        seen = exchange;
        exchange.response.begin(200, ["content-type", "text/plain"], false);
        exchange.response.write(Buffer.from("half"));
        await new Promise((resolve) => setImmediate(resolve));
        await responder.respond(new Failure("internal"), exchange);
      });
      using client = await connectClient(server.port);
      client.send(requestBytes({ version }));
      const { status, isComplete, ending } = await client.response();
      assert.deepEqual([status, isComplete], [200, false]);
      if (version === "HTTP/1.0") assert.equal(ending, "reset", "a FIN would look like the end of the body");
      assert.deepEqual(seen?.outcome, { status: 200, code: "internal", source: "gateway" }, "what went out is told");
    });
  }

  test("a failure that no response can tell of ends the connection also before one has begun", async () => {
    const responder = responderWith();
    await using server = await openServer((exchange) =>
      responder.respond(new Failure("upstream_incomplete"), exchange),
    );
    using client = await connectClient(server.port);
    client.send(requestBytes());
    await client.ended;
    assert.equal(client.received.length, 0);
  });

  test("a client that has left is told nothing", async () => {
    const responder = responderWith();
    let seen: Exchange | undefined;
    await using server = await openServer((exchange) => {
      seen = exchange;
      return responder.respond(new Failure("client_closed"), exchange);
    });
    using client = await connectClient(server.port);
    client.send(requestBytes());
    await client.ended;
    assert.equal(seen?.outcome?.code, "client_closed");
    assert.equal(client.received.length, 0);
  });
});

test("Retry-After is the known wait rounded up, plus at most a fifth, in whole seconds, never less and never 0", async () => {
  const waits = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.double({ min: 0, max: 3.6e6, noNaN: true }));
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(waits, randoms, async (retryAfterMs, random) => {
      const value = await retryAfterOf({ retryAfterMs, random });
      const least = Math.max(1, Math.ceil(retryAfterMs / 1000));
      assert.ok(Number.isInteger(value));
      assert.ok(value >= least && value <= least * 1.2, `${value} for ${retryAfterMs} ms`);
    }),
    { numRuns: 500 },
  );
  assert.equal(await retryAfterOf({ retryAfterMs: 60_000, random: 0 }), 60);
  assert.equal(await retryAfterOf({ retryAfterMs: 60_000, random: 0.999 }), 72, "the whole fifth is used");
});

test("without a known wait Retry-After is drawn from one to three seconds", async () => {
  assert.deepEqual(await Promise.all([0, 0.34, 0.67, 0.999].map((random) => retryAfterOf({ random }))), [1, 2, 3, 3]);
});

async function retryAfterOf({ retryAfterMs, random }: { retryAfterMs?: number; random: number }): Promise<number> {
  const response = new FakeResponse();
  const exchange = exchangeUnderTest({ response });
  const failure = new Failure("circuit_open", retryAfterMs === undefined ? {} : { retryAfterMs });
  await responderWith({ random: () => random }).respond(failure, exchange);
  return Number(response.field("retry-after"));
}
