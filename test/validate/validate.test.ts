import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import * as fc from "fast-check";

import type { Config } from "../../gateway/config/schema.ts";
import type { BodyMemory } from "../../gateway/validate/validate.ts";
import type { FieldPair } from "../support/exchange-under-test.ts";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { causeChain } from "../../gateway/observe/cause.ts";
import { ByteBudget } from "../../gateway/validate/byte-budget.ts";
import { compileSchemas } from "../../gateway/validate/schemas.ts";
import { validate } from "../../gateway/validate/validate.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeRequest } from "../support/fake-request.ts";

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

interface Options {
  readonly fields?: readonly FieldPair[];
  /** Of the body; null for a chunked one. */
  readonly length?: number | null;
  readonly owesContinue?: boolean;
  readonly query?: string;
  readonly path?: Readonly<Record<string, string>>;
}

function open({ fields = [], length = 0, owesContinue = false, query = "", path = {} }: Options = {}) {
  const clock = new FakeClock();
  const request = new FakeRequest({ length, owesContinue });
  const exchange = exchangeUnderTest({ clock, request, fields, inbound: { query } });
  exchange.pathParameters = path;
  return { clock, request, exchange };
}

function memoryOf(totalBytes: number, beginningBytes = 64): BodyMemory {
  return { budget: new ByteBudget(totalBytes), beginningBytes };
}

const json = [["Content-Type", "application/json"]] as const;
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
    assert.equal(validate(exchange, validator, memoryOf(0)), undefined);
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("Content-Length: 0 is no body either", () => {
    const { exchange } = open({ length: 0 });
    assert.equal(validate(exchange, compile({ body: body("order") }).validator, memoryOf(0)), undefined);
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("a required body is invalid_body at the whole", () => {
    const { validator } = compile({ body: body("order", { required: true }), invalidStatus: 422 });
    const failure = refusal(() => validate(open().exchange, validator, memoryOf(0)));
    assert.equal(failure.code, "invalid_body");
    assert.equal(failure.status, 422);
    assert.deepEqual(failure.options.errors, [
      { pointer: "#", keyword: "required", detail: "a request body is required" },
    ]);
  });
});

describe("a body without a schema", () => {
  const coded = [["Content-Encoding", "gzip"]] as const;

  test("that has arrived whole is held as it is, whatever its type and coding", () => {
    const { request, exchange } = open({ length: 10, fields: coded });
    request.arrive("0123456789");
    assert.equal(validate(exchange, compile({}).validator, memoryOf(500)), undefined);
    assert.deepEqual(exchange.body, { kind: "buffered", bytes: Buffer.from("0123456789"), isChunked: false });
  });

  for (const length of [100, null]) {
    test(`of length ${length} streams once its beginning has come`, async () => {
      const { request, exchange } = open({ length, fields: coded });
      const validated = validate(exchange, compile({}).validator, memoryOf(500));
      request.arrive("a".repeat(63));
      assert.equal(exchange.body.kind, "none");
      request.arrive("b");
      await validated;
      const begun = Buffer.from(`${"a".repeat(63)}b`);
      assert.deepEqual(exchange.body, { kind: "stream", length, begun });
      request.arrive("c");
      assert.equal(request.heldBytes, 1, "the rest stays for who forwards it");
    });
  }

  test("that is short is whole, and a chunked one is told as such", async () => {
    const { request, exchange } = open({ length: null });
    const validated = validate(exchange, compile({}).validator, memoryOf(500));
    request.arrive("ab").arriveEnd();
    await validated;
    assert.deepEqual(exchange.body, { kind: "buffered", bytes: Buffer.from("ab"), isChunked: true });
  });

  test("of no chunks is a chunked body all the same", async () => {
    const { request, exchange } = open({ length: null });
    const validated = validate(exchange, compile({}).validator, memoryOf(500));
    request.arriveEnd();
    await validated;
    assert.deepEqual(exchange.body, { kind: "buffered", bytes: Buffer.alloc(0), isChunked: true });
  });

  test("whose client waits for 100 (Continue) streams unread: the upstream is asked first", () => {
    const { request, exchange } = open({ length: 10, owesContinue: true });
    assert.equal(validate(exchange, compile({}).validator, memoryOf(0)), undefined);
    assert.deepEqual(exchange.body, { kind: "stream", length: 10, begun: Buffer.alloc(0) });
    assert.deepEqual([request.continues, request.owesContinue, request.isRead], [0, true, false]);
  });

  test("maxSize holds by Content-Length", () => {
    const { validator } = compile({});
    const failure = refusal(() => validate(open({ length: 1001 }).exchange, validator, memoryOf(0)));
    assert.equal(failure.code, "body_too_large");
    assert.equal(failure.options.close, true);
  });

  test("content types hold where they are configured", () => {
    const { validator } = compile({ body: body(undefined, { contentTypes: ["image/*"] }) });
    const ask = (type: string) => () => {
      const { request, exchange } = open({ fields: [["Content-Type", type]], length: 1 });
      request.arrive("x");
      return validate(exchange, validator, memoryOf(500));
    };
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
  const good = { path: { id: "7" }, query: "limit=5", fields: [["X-Tenant", "a"]] as const };

  test("that are right pass, typed by their schema", () => {
    assert.equal(validate(open(good).exchange, compile(request()).validator, memoryOf(0)), undefined);
  });

  const wrong: Array<[string, Options, string, string]> = [
    ["path", { ...good, path: { id: "x" } }, "invalid_path", "id"],
    ["query", { ...good, query: "limit=0" }, "invalid_query", "limit"],
    ["unknown query", { ...good, query: "limi=5" }, "invalid_query", "limi"],
    ["repeated query", { ...good, query: "limit=5&limit=6" }, "invalid_query", "limit"],
    ["headers", { ...good, fields: [] }, "invalid_headers", "x-tenant"],
  ];
  for (const [what, options, code, parameter] of wrong) {
    test(`that are wrong are ${code} with the route's status (${what})`, () => {
      const failure = refusal(() => validate(open(options).exchange, compile(request()).validator, memoryOf(0)));
      assert.equal(failure.code, code);
      assert.equal(failure.status, 422);
      assert.equal(failure.options.errors?.[0]?.parameter, parameter);
    });
  }

  test("are checked in the order of path, query, headers, and before the body", () => {
    const { validator } = compile({ ...request(), body: body("order") });
    const all = { path: { id: "x" }, query: "limit=0", length: 5000 };
    const codes = [all, { ...all, path: good.path }, { ...all, path: good.path, query: "" }].map(
      (options) => refusal(() => validate(open(options).exchange, validator, memoryOf(0))).code,
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
  const refused: Array<[what: string, options: Options, code: string, header: [string, string] | undefined]> = [
    ["no media type", {}, "unsupported_media_type", ["Accept", "application/json"]],
    ...["text/plain", "application/json; a=b; a=c", "application/json; charset=utf-16"].map(
      (type): [string, Options, string, [string, string]] => [
        `the media type ${type}`,
        { fields: [["Content-Type", type]] },
        "unsupported_media_type",
        ["Accept", "application/json"],
      ],
    ),
    [
      "a coding",
      { fields: [...json, ["Content-Encoding", "gzip"]] },
      "unsupported_content_encoding",
      ["Accept-Encoding", "identity"],
    ],
    ["its length", { fields: json, length: 1001 }, "body_too_large", undefined],
  ];
  for (const [what, options, code, header] of refused) {
    test(`is refused for ${what} at once, before 100 (Continue)`, () => {
      const { request, exchange } = open({ length: 10, owesContinue: true, ...options });
      const failure = refusal(() => validate(exchange, compile({ body: body("order") }).validator, memoryOf(500)));
      assert.equal(failure.code, code);
      assert.deepEqual(failure.options.headers, header && [header]);
      assert.equal(request.continues, 0);
    });
  }

  for (const type of ["application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']) {
    test(`${type} is accepted, and 100 (Continue) sent once`, async () => {
      const fields: FieldPair[] = [
        ["Content-Type", type],
        ["Content-Encoding", "identity"],
      ];
      const { request, exchange } = open({ fields, length: 10, owesContinue: true });
      const validated = validate(exchange, compile({ body: body("order") }).validator, memoryOf(500));
      assert.equal(request.continues, 1);
      assert.equal(exchange.phase, "body");
      request.arrive('{"id":"1"}');
      await validated;
      assert.equal(request.continues, 1);
    });
  }

  test("is asked for nothing where the whole body is there already", () => {
    const { request, exchange } = open({ fields: json, length: 10 });
    request.arrive('{"id":"1"}');
    assert.equal(validate(exchange, compile({ body: body("order") }).validator, memoryOf(500)), undefined);
    assert.equal(exchange.body.kind, "buffered");
    assert.equal(exchange.bytesIn, 10);
  });
});

describe("a body", () => {
  function start(length: number | null, { schema = "order", total = 5000, maxSize = 1000 } = {}) {
    const memory = memoryOf(total);
    const opened = open({ fields: json, length });
    const { validator } = compile({ body: body(schema, { maxSize }) });
    const validated = Promise.resolve(validate(opened.exchange, validator, memory));
    validated.catch(() => undefined);
    return { ...opened, budget: memory.budget, validated };
  }

  test("is kept as it came, and its reservation until the exchange ends", async () => {
    const text = ' {"id" : "\\u0061\u00e9"}\n';
    const { request, exchange, budget, validated } = start(Buffer.byteLength(text));
    request.arrive(text);
    await validated;
    assert.deepEqual(exchange.body, { kind: "buffered", bytes: Buffer.from(text), isChunked: false });
    assert.equal(exchange.bytesIn, Buffer.byteLength(text));
    assert.equal(budget.reservedBytes, Buffer.byteLength(text));
    exchange.close();
    assert.equal(budget.reservedBytes, 0);
  });

  test("that breaks its schema is invalid_body with pointers", async () => {
    const { request, validated } = start(null);
    request.arrive('{"id":1,"x":2}').arriveEnd();
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
    const { request, validated } = start(null);
    request.arrive('{"id":"1","id":"2"}').arriveEnd();
    await assert.rejects(validated, failsAs("malformed_body"));
  });

  test("of no chunks is none", async () => {
    const { request, exchange, validated } = start(null);
    request.arriveEnd();
    await validated;
    assert.deepEqual(exchange.body, { kind: "none" });
  });

  test("that is chunked is counted, and refused with the first byte too many", async () => {
    const { request, exchange, validated } = start(null);
    request.arrive(`"${"a".repeat(998)}`);
    assert.equal(exchange.bytesIn, 999);
    request.arrive('a"');
    await assert.rejects(validated, (error) => {
      assert.ok(failsAs("body_too_large")(error));
      assert.equal((error as Failure).options.close, true);
      return true;
    });
  });

  for (const length of [150, null]) {
    test(`of length ${length} takes from the budget as it comes`, async () => {
      const { request, exchange, budget, validated } = start(length, { total: 100 });
      assert.equal(budget.reservedBytes, 0);
      request.arrive(" ".repeat(20));
      assert.equal(budget.reservedBytes, 20);
      request.arrive(" ".repeat(120));
      await assert.rejects(validated, failsAs("overloaded"));
      exchange.close();
      assert.equal(budget.reservedBytes, 0);
    });
  }

  test("sent byte by byte holds no more than twice its length", async () => {
    const { request, exchange, budget, validated } = start(null, { schema: "any" });
    for (let i = 0; i < 500; i++) request.arrive(" ");
    request.arrive("[]").arriveEnd();
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
        const { request, exchange, validated } = start(isChunked ? null : text.length, { schema: "any" });
        for (const part of parts) request.arrive(part);
        if (isChunked) request.arriveEnd();
        await validated;
        assert.ok(exchange.body.kind === "buffered");
        assert.equal(exchange.body.bytes.toString(), text);
      }),
    );
  });

  for (const reason of [new TimerExpired("deadline"), new Failure("client_closed")]) {
    test(`stops when the exchange is cancelled by ${reason.name}, with that reason`, async () => {
      const { request, exchange, budget, validated } = start(null);
      request.arrive("[");
      exchange.cancel(reason);
      assert.equal(request.isRead, false);
      await assert.rejects(validated, (error) => error === reason);
      exchange.close();
      assert.equal(budget.reservedBytes, 0);
    });
  }

  test("of an exchange that was cancelled already is not read", async () => {
    const { request, exchange } = open({ fields: json, length: null, owesContinue: true });
    const reason = new Failure("client_closed");
    exchange.cancel(reason);
    const { validator } = compile({ body: body("order") });
    await assert.rejects(
      async () => validate(exchange, validator, memoryOf(10)),
      (error) => error === reason,
    );
    assert.deepEqual([request.continues, request.isRead], [0, false]);
  });
});

test("a body that is too much work to check is body_too_large, and its cause schema_work", async () => {
  write("branches", { items: { anyOf: Array.from({ length: 50 }, (_, i) => ({ required: [`p${i}`] })) } });
  const { validator } = compile({ body: body("branches", { maxSize: 1_000_000 }) });
  const text = `[${Array.from({ length: 50_000 }, () => '{"p49":1}').join(",")}]`;
  const { request, exchange } = open({ fields: json, length: text.length });
  const validated = validate(exchange, validator, memoryOf(2_000_000));
  request.arrive(text);
  const failure = await Promise.resolve(validated).then(
    () => assert.fail("was accepted"),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Failure);
  assert.equal(failure.code, "body_too_large");
  assert.equal(failure.options.detail, "The request body takes more work to check than one request is given.");
  assert.deepEqual(causeChain(failure.options.cause), [{ name: "WorkExceeded", code: "schema_work" }]);
});

test("a body that is too large says nothing of checking", () => {
  const { validator } = compile({ body: body(undefined) });
  const { exchange } = open({ fields: json, length: 1001 });
  const failure = refusal(() => validate(exchange, validator, memoryOf(0)));
  assert.equal(failure.options.detail, undefined);
  assert.equal(failure.row.detail, "The request body is larger than this route allows.");
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
