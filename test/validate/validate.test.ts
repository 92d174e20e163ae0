import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";

import * as fc from "fast-check";

import type { Clock } from "../../gateway/clock.ts";
import type { Config } from "../../gateway/config/schema.ts";

import { Exchange } from "../../gateway/exchange.ts";
import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { ByteBudget } from "../../gateway/validate/byte-budget.ts";
import { compileSchemas } from "../../gateway/validate/schemas.ts";
import { validate } from "../../gateway/validate/validate.ts";

type Request = Partial<Config["routes"][number]["request"]>;

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "statuswise-validate-"));
  write("order", {
    type: "object",
    required: ["id"],
    properties: { id: { type: "string" } },
    additionalProperties: false,
  });
  write("query", {
    type: "object",
    properties: { limit: { type: "integer", minimum: 1 } },
    additionalProperties: false,
  });
  write("path", { type: "object", properties: { id: { type: "integer" } } });
  write("headers", { type: "object", required: ["x-tenant"], properties: { "x-tenant": { type: "string" } } });
  write("mixed-headers", { type: "object", properties: { "X-Tenant": {} } });
  write("any", true);
});
after(() => rmSync(folder, { recursive: true }));

function write(name: string, schema: unknown): void {
  writeFileSync(schemaFile(name), JSON.stringify(schema));
}

function schemaFile(name: string): string {
  return join(folder, `${name}.json`);
}

function body(name: string | undefined, rest: Record<string, unknown> = {}) {
  const schema = name === undefined ? undefined : schemaFile(name);
  return {
    schema,
    maxSize: 1000,
    required: false,
    contentTypes: undefined,
    contentEncodings: [],
    maxInflatedSize: 10_000,
    maxInflateRatio: 100,
    ...rest,
  } as unknown as Request["body"];
}

function compile(request: Record<string, unknown>) {
  const whole = { body: body(undefined), invalidStatus: 400, ...request };
  const config = { schemas: [], routes: [{ id: "r", request: whole }] } as unknown as Pick<
    Config,
    "schemas" | "routes"
  >;
  const { validators, findings } = compileSchemas(config);
  const validator = validators.get("r");
  assert.ok(validator);
  return { validator, findings };
}

const clock: Clock = { now: () => 0, setTimeout: () => undefined as never, clearTimeout: () => undefined };

interface Options {
  headers?: Record<string, string>;
  query?: string;
  path?: Record<string, string>;
}

function open({ headers = {}, query = "", path = {} }: Options = {}) {
  const req = new PassThrough({ autoDestroy: false });
  const continues: string[] = [];
  const res = Object.assign(new EventEmitter(), { writeContinue: () => continues.push("100") });
  const exchange = new Exchange({
    clock,
    req: Object.assign(req, { headers }) as unknown as IncomingMessage,
    res: res as unknown as ServerResponse,
    inbound: { query } as never,
    id: "",
    trace: {} as never,
  });
  exchange.pathParameters = path;
  return { req, exchange, continues };
}

const json = { "content-type": "application/json" };
const failsAs = (code: string) => (error: unknown) => error instanceof Failure && error.code === code;

function refusal(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  return assert.fail("nothing was refused");
}

describe("without a body", () => {
  test("nothing is awaited", () => {
    const { validator } = compile({ body: body("order") });
    const { exchange } = open();
    assert.equal(validate(exchange, validator, new ByteBudget(0)), undefined);
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("Content-Length: 0 is no body either", () => {
    const { exchange } = open({ headers: { "content-length": "0" } });
    assert.equal(validate(exchange, compile({ body: body("order") }).validator, new ByteBudget(0)), undefined);
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("a required body is invalid_body at the whole", () => {
    const { validator } = compile({ body: body("order", { required: true }), invalidStatus: 422 });
    const failure = refusal(() => validate(open().exchange, validator, new ByteBudget(0)));
    assert.equal(failure.code, "invalid_body");
    assert.equal(failure.status, 422);
    assert.deepEqual(failure.options.errors, [
      { pointer: "#", keyword: "required", detail: "a request body is required" },
    ]);
  });
});

describe("without a body schema", () => {
  const streamed: Array<[Record<string, string>, number | null]> = [
    [{ "content-length": "10" }, 10],
    [{ "transfer-encoding": "chunked" }, null],
  ];
  for (const [headers, length] of streamed) {
    test(`a body of length ${String(length)} streams, unread, whatever its type and coding`, () => {
      const { exchange, continues } = open({ headers: { ...headers, "content-encoding": "gzip" } });
      exchange.owesContinue = true;
      assert.equal(validate(exchange, compile({}).validator, new ByteBudget(0)), undefined);
      assert.deepEqual(exchange.body, { kind: "stream", length });
      assert.deepEqual(continues, []);
      assert.equal(exchange.owesContinue, true);
    });
  }

  test("maxSize holds by Content-Length", () => {
    const { validator } = compile({});
    const failure = refusal(() =>
      validate(open({ headers: { "content-length": "1001" } }).exchange, validator, new ByteBudget(0)),
    );
    assert.equal(failure.code, "body_too_large");
    assert.equal(failure.options.close, true);
  });

  test("content types hold where they are configured", () => {
    const { validator } = compile({ body: body(undefined, { contentTypes: ["image/*"] }) });
    const ask = (type: string) => () =>
      validate(
        open({ headers: { "content-type": type, "content-length": "1" } }).exchange,
        validator,
        new ByteBudget(0),
      );
    assert.equal(refusal(ask("text/plain")).code, "unsupported_media_type");
    assert.equal(ask("image/png")(), undefined);
  });
});

describe("parameters", () => {
  const rules = { path: "path", query: "query", headers: "headers" };
  const request = () => ({
    path: { schema: schemaFile(rules.path) },
    query: { schema: schemaFile(rules.query) },
    headers: { schema: schemaFile(rules.headers) },
    invalidStatus: 422,
  });
  const good = { path: { id: "7" }, query: "limit=5", headers: { "x-tenant": "a" } };

  test("that are right pass, typed by their schema", () => {
    assert.equal(validate(open(good).exchange, compile(request()).validator, new ByteBudget(0)), undefined);
  });

  const wrong: Array<[string, Options, string, string]> = [
    ["path", { ...good, path: { id: "x" } }, "invalid_path", "id"],
    ["query", { ...good, query: "limit=0" }, "invalid_query", "limit"],
    ["unknown query", { ...good, query: "limi=5" }, "invalid_query", "limi"],
    ["repeated query", { ...good, query: "limit=5&limit=6" }, "invalid_query", "limit"],
    ["headers", { ...good, headers: {} }, "invalid_headers", "x-tenant"],
  ];
  for (const [what, options, code, parameter] of wrong) {
    test(`that are wrong are ${code} with the route's status (${what})`, () => {
      const failure = refusal(() => validate(open(options).exchange, compile(request()).validator, new ByteBudget(0)));
      assert.equal(failure.code, code);
      assert.equal(failure.status, 422);
      assert.equal(failure.options.errors?.[0]?.parameter, parameter);
    });
  }

  test("are checked in the order of path, query, headers, and before the body", () => {
    const { validator } = compile({ ...request(), body: body("order") });
    const all = { path: { id: "x" }, query: "limit=0", headers: { "content-length": "5000" } };
    const codes = [all, { ...all, path: good.path }, { ...all, path: good.path, query: "" }].map(
      (options) => refusal(() => validate(open(options).exchange, validator, new ByteBudget(0))).code,
    );
    assert.deepEqual(codes, ["invalid_path", "invalid_query", "invalid_headers"]);
  });

  test("a header schema with a name in upper case is warned of", () => {
    const { findings } = compile({ headers: { schema: schemaFile("mixed-headers") } });
    assert.deepEqual(
      findings.map(({ pointer, severity }) => [pointer, severity]),
      [["#/properties/X-Tenant", "warning"]],
    );
  });
});

describe("the head of a body", () => {
  const refused: Array<[string, Record<string, string>, string, [string, string] | undefined]> = [
    ["no media type", {}, "unsupported_media_type", ["Accept", "application/json"]],
    ["another media type", { "content-type": "text/plain" }, "unsupported_media_type", ["Accept", "application/json"]],
    [
      "a faulty media type",
      { "content-type": "application/json; a=b; a=c" },
      "unsupported_media_type",
      ["Accept", "application/json"],
    ],
    [
      "another charset",
      { "content-type": "application/json; charset=utf-16" },
      "unsupported_media_type",
      ["Accept", "application/json"],
    ],
    [
      "a coding",
      { ...json, "content-encoding": "gzip" },
      "unsupported_content_encoding",
      ["Accept-Encoding", "identity"],
    ],
    ["its length", { ...json, "content-length": "1001" }, "body_too_large", undefined],
    ["an absurd length", { ...json, "content-length": "99999999999999999999" }, "body_too_large", undefined],
    ["the budget", { ...json, "content-length": "501" }, "overloaded", undefined],
  ];
  for (const [what, headers, code, header] of refused) {
    test(`is refused for ${what} at once, before 100 (Continue)`, () => {
      const { exchange, continues } = open({ headers: { "content-length": "10", ...headers } });
      exchange.owesContinue = true;
      const failure = refusal(() =>
        validate(exchange, compile({ body: body("order") }).validator, new ByteBudget(500)),
      );
      assert.equal(failure.code, code);
      assert.deepEqual(failure.options.headers, header && [header]);
      assert.deepEqual(continues, []);
    });
  }

  for (const type of ["application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']) {
    test(`${type} is accepted, and 100 (Continue) sent once`, async () => {
      const { req, exchange, continues } = open({
        headers: { "content-type": type, "content-length": "10", "content-encoding": "identity" },
      });
      exchange.owesContinue = true;
      const validated = validate(exchange, compile({ body: body("order") }).validator, new ByteBudget(500));
      assert.deepEqual(continues, ["100"]);
      assert.equal(exchange.phase, "body");
      req.end('{"id":"1"}');
      await validated;
      assert.deepEqual(continues, ["100"]);
    });
  }
});

describe("a body", () => {
  function start(headers: Record<string, string>, { schema = "order", total = 5000, maxSize = 1000 } = {}) {
    const budget = new ByteBudget(total);
    const opened = open({ headers: { ...json, ...headers } });
    const { validator } = compile({ body: body(schema, { maxSize }) });
    const validated = Promise.resolve(validate(opened.exchange, validator, budget));
    validated.catch(() => undefined);
    return { ...opened, budget, validated };
  }

  const chunked = { "transfer-encoding": "chunked" };

  test("is kept as it came, and its reservation until the exchange ends", async () => {
    const text = ' {"id" : "\\u0061\u00e9"}\n';
    const { req, exchange, budget, validated } = start({ "content-length": String(Buffer.byteLength(text)) });
    req.end(text);
    await validated;
    assert.ok(exchange.body.kind === "buffered");
    assert.equal(exchange.body.bytes.toString(), text);
    assert.equal(exchange.bytesIn, Buffer.byteLength(text));
    assert.equal(budget.reservedBytes, Buffer.byteLength(text));
    exchange.close();
    assert.equal(budget.reservedBytes, 0);
  });

  test("leaves no listener behind", async () => {
    const { req, validated } = start(chunked);
    const during = ["data", "end", "error", "close"].map((event) => req.listenerCount(event));
    req.end('{"id":"1"}');
    await validated;
    const left = ["data", "end", "error", "close"].map((event) => req.listenerCount(event));
    assert.deepEqual(
      left,
      during.map((count) => count - 1),
    );
  });

  test("that breaks its schema is invalid_body with pointers", async () => {
    const { req, validated } = start(chunked);
    req.end('{"id":1,"x":2}');
    await assert.rejects(validated, (error) => {
      assert.ok(failsAs("invalid_body")(error));
      const told = (error as Failure).options.errors?.map(({ pointer, keyword }) => [pointer, keyword]);
      assert.deepEqual(told, [
        ["#/x", "additionalProperties"],
        ["#/id", "type"],
      ]);
      return true;
    });
  });

  test("that is no JSON is malformed_body", async () => {
    const { req, validated } = start(chunked);
    req.end('{"id":"1","id":"2"}');
    await assert.rejects(validated, failsAs("malformed_body"));
  });

  test("of no chunks is none", async () => {
    const { req, exchange, validated } = start(chunked);
    req.end();
    await validated;
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("that is chunked is counted, and refused with the first byte too many", async () => {
    const { req, exchange, validated } = start(chunked);
    req.write(`"${"a".repeat(998)}`);
    await new Promise(setImmediate);
    assert.equal(exchange.bytesIn, 999);
    req.write('a"');
    await assert.rejects(validated, (error) => {
      assert.ok(failsAs("body_too_large")(error));
      assert.equal((error as Failure).options.close, true);
      return true;
    });
  });

  test("that is chunked takes from the budget as it grows", async () => {
    const { req, exchange, budget, validated } = start(chunked, { total: 100 });
    assert.equal(budget.reservedBytes, 0);
    req.write(" ".repeat(60));
    await new Promise(setImmediate);
    assert.equal(budget.reservedBytes, 60);
    req.write(" ".repeat(60));
    await assert.rejects(validated, failsAs("overloaded"));
    exchange.close();
    assert.equal(budget.reservedBytes, 0);
  });

  test("sent byte by byte holds no more than twice its length", async () => {
    const { req, exchange, budget, validated } = start(chunked, { schema: "any" });
    for (let i = 0; i < 500; i++) req.write(" ");
    req.end("[]");
    await validated;
    assert.equal(exchange.bytesIn, 502);
    assert.ok(budget.reservedBytes >= 502 && budget.reservedBytes <= 1004, String(budget.reservedBytes));
  });

  test("arrives whole, however it is cut", async () => {
    const cuts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (chunks, isChunked) => {
        // Any bytes, as hexadecimal digits within a JSON text.
        const parts = ['"', ...chunks.map((chunk) => Buffer.from(chunk).toString("hex")), '"'];
        const text = parts.join("");
        const { req, exchange, validated } = start(isChunked ? chunked : { "content-length": String(text.length) }, {
          schema: "any",
        });
        for (const part of parts) {
          req.write(part);
          await new Promise(setImmediate);
        }
        req.end();
        await validated;
        assert.ok(exchange.body.kind === "buffered");
        assert.equal(exchange.body.bytes.toString(), text);
      }),
      { numRuns: 50 },
    );
  });

  for (const reason of [new TimerExpired("deadline"), new Failure("client_closed")]) {
    test(`stops when the exchange is cancelled by ${reason.name}, with that reason`, async () => {
      const { req, exchange, validated } = start(chunked);
      req.write("[");
      await new Promise(setImmediate);
      exchange.cancel(reason);
      assert.equal(req.isPaused(), true);
      await assert.rejects(validated, (error) => error === reason);
    });
  }

  test("of an exchange that was cancelled already is not read", async () => {
    const { exchange, continues } = open({ headers: { ...json, ...chunked } });
    const reason = new Failure("client_closed");
    exchange.owesContinue = true;
    exchange.cancel(reason);
    const { validator } = compile({ body: body("order") });
    await assert.rejects(
      Promise.resolve(validate(exchange, validator, new ByteBudget(10))),
      (error) => error === reason,
    );
    assert.deepEqual(continues, []);
  });

  test("that breaks off is client_closed, its cause kept", async () => {
    const { req, validated } = start(chunked);
    const cause = new Error("aborted");
    req.emit("error", cause);
    await assert.rejects(validated, (error) => failsAs("client_closed")(error) && (error as Failure).cause === cause);
  });

  test("whose connection closes before its end is client_closed", async () => {
    const { req, validated } = start(chunked);
    req.destroy();
    await assert.rejects(validated, failsAs("client_closed"));
  });

  test("of a request that is destroyed already is client_closed", async () => {
    const { req, exchange } = open({ headers: { ...json, ...chunked } });
    req.destroy();
    const { validator } = compile({ body: body("order") });
    await assert.rejects(Promise.resolve(validate(exchange, validator, new ByteBudget(10))), failsAs("client_closed"));
  });
});

test("a body schema that does not pin the type of the whole is warned of", () => {
  write("open", { properties: { id: {} } });
  const { findings } = compile({ body: body("open") });
  assert.ok(findings.some(({ pointer, message }) => pointer === "#" && message.includes("bare string")));
});

test("a broken schema leaves the other rules of its route in force", () => {
  write("broken", { type: "objekt" });
  const { validator, findings } = compile({ body: body("broken"), query: { schema: schemaFile("query") } });
  assert.ok(findings.some(({ severity, file }) => severity === "error" && file === schemaFile("broken")));
  assert.equal(validator.body.check, undefined);
  assert.ok(validator.query);
});
