import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";

import type { Field } from "../support/http-message.ts";
import type { LogLine } from "../support/log-lines.ts";

import { valueOf } from "../support/http-message.ts";
import { Stage } from "../support/stage.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 15_000 };
const json: Field = ["Content-Type", "application/json"];
const schemas = {
  "order.json": { type: "object", required: ["id"], properties: { id: { type: "integer" }, note: { type: "string" } } },
};
const route = (response: object) => ({ schemas, route: { response: { schema: "order.json", ...response } } });
const secret = "sw-inner-secret";

function reported(stage: Stage): Promise<LogLine> {
  return stage.gateway.log.line((line) => line["event"] === "response_schema");
}

async function metric(stage: Stage, name: string): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`);
  return (await response.text()).split("\n").filter((line) => line.startsWith(name));
}

describe("a response schema that reports", bounded, () => {
  test("changes nothing, names the place in the log, and counts it by the schema's own pointers", async () => {
    await using stage = new Stage();
    const answer = `{"id":"${secret}","note":7}`;
    await stage.front(answering(responseBytes("200 OK", answer, [json])), route({ mode: "report" }));
    const { status, body, fields } = await stage.ask();
    assert.deepEqual([status, body.toString()], [200, answer]);
    const line = await reported(stage);
    assert.equal(line["level"], "warn");
    assert.equal(line["route"], "everything");
    assert.equal(line["requestId"], valueOf(fields, "x-request-id"));
    assert.equal(line["outcome"], "violation");
    assert.ok(!JSON.stringify(line).includes(secret));
    const errors = line["errors"] as ReadonlyArray<Readonly<Record<string, string>>>;
    assert.deepEqual(
      errors.map(({ pointer, keyword }) => [pointer, keyword]),
      [
        ["#/id", "type"],
        ["#/note", "type"],
      ],
    );
    assert.deepEqual(await metric(stage, "statuswise_response_schema_violations_total"), [
      'statuswise_response_schema_violations_total{route="everything",pointer="#/properties/id/type"} 1',
      'statuswise_response_schema_violations_total{route="everything",pointer="#/properties/note/type"} 1',
    ]);
  });

  test("writes a line a second at most, and counts every answer", async () => {
    await using stage = new Stage();
    await stage.front(answering(responseBytes("200 OK", "{}", [json])), route({}));
    for (let n = 0; n < 20; n += 1) await stage.ask();
    const counted = await metric(stage, "statuswise_response_schema_violations_total");
    assert.deepEqual(counted, [
      'statuswise_response_schema_violations_total{route="everything",pointer="#/required"} 20',
    ]);
    const lines = stage.gateway.log.lines.filter((line) => line["event"] === "response_schema");
    assert.ok(lines.length < 20, `${lines.length} lines`);
  });

  const unchecked: ReadonlyArray<readonly [reason: string, answer: string]> = [
    ["too_large", responseBytes("200 OK", `{"id":1,"note":"${"x".repeat(2000)}"}`, [json])],
    ["content_coding", responseBytes("200 OK", "{}", [json, ["Content-Encoding", "x-own"]])],
    ["content_coding", responseBytes("200 OK", "{}", [json, ["Content-Encoding", "gzip"]])],
    ["partial", responseBytes("206 Part", "{}", [json])],
    [
      "too_large",
      responseBytes("200 OK", gzipSync(`{"id":1,"note":"${"x".repeat(5000)}"}`).toString("latin1"), [
        json,
        ["Content-Encoding", "gzip"],
      ]),
    ],
  ];
  for (const [reason, answer] of unchecked) {
    test(`lets through what it cannot check, and says why: ${reason}`, async () => {
      await using stage = new Stage();
      await stage.front(answering(answer), route({ maxSize: "1KiB" }));
      const { body } = await stage.ask();
      assert.equal(body.toString("latin1"), answer.slice(answer.indexOf("\r\n\r\n") + 4));
      const line = await reported(stage);
      assert.deepEqual([line["outcome"], line["reason"]], ["unchecked", reason]);
      const counted = await metric(stage, "statuswise_response_schema_unchecked_total");
      assert.deepEqual(counted, ['statuswise_response_schema_unchecked_total{route="everything"} 1']);
    });
  }

  test("holds nothing back: an event stream's first event is out before its second exists", async () => {
    await using stage = new Stage();
    let release = (): void => {};
    await stage.front(async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
      await new Promise<void>((resolve) => (release = resolve));
      connection.write("data: 2\n\n");
      connection.fin();
    }, route({}));
    const client = await stage.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.head();
    await until(() => client.received.includes("data: 1"));
    release();
    await until(() => client.received.includes("data: 2"));
  });
});

describe("a response schema that is enforced", bounded, () => {
  const valid = '{"id": 1,  "note":"spaces stay"}';
  const answers: ReadonlyArray<readonly [name: string, answer: string]> = [
    ["as it came", responseBytes("200 OK", valid, [json])],
    [
      "chunked",
      `HTTP/1.1 200 OK\r\n${json.join(": ")}\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n${valid}\r\n0\r\n\r\n`,
    ],
    ["of a type that ends in +json", responseBytes("201 Made", valid, [["Content-Type", "application/hal+json;v=1"]])],
    ["without a type", responseBytes("200 OK", valid)],
  ];
  for (const [name, answer] of answers) {
    test(`passes a valid answer on byte for byte: ${name}`, async () => {
      await using stage = new Stage();
      await stage.front(answering(answer), route({ mode: "enforce" }));
      for (const _ of [1, 2]) assert.equal((await stage.ask()).body.toString(), valid);
      assert.equal(stage.gateway.log.lines.filter((line) => line["event"] === "response_schema").length, 0);
    });
  }

  test("passes a valid answer on in its coding, which is undone for the check alone", async () => {
    await using stage = new Stage();
    const coded = brotliCompressSync(valid);
    const fields: Field[] = [json, ["Content-Encoding", "br"]];
    await stage.front(answering(responseBytes("200 OK", coded.toString("latin1"), fields)), route({ mode: "enforce" }));
    const response = await stage.ask();
    assert.deepEqual(response.body, coded);
    assert.equal(valueOf(response.fields, "content-encoding"), "br");
  });

  test("is not asked of answers that have another form: errors, and those without content", async () => {
    await using stage = new Stage();
    const said: Record<string, string> = {
      "/404": responseBytes("404 No", "no such order"),
      "/500": responseBytes("500 Oops", "trace"),
      "/204": "HTTP/1.1 204 Done\r\n\r\n",
      "/304": "HTTP/1.1 304 Same\r\n\r\n",
    };
    await stage.front(
      answering(({ target }) => said[target] ?? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
      route({ mode: "enforce" }),
    );
    for (const target of Object.keys(said)) assert.equal((await stage.ask({ target })).status, Number(target.slice(1)));
    assert.equal((await stage.ask({ method: "HEAD" })).status, 200);
  });
});
