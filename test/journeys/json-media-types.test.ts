import assert from "node:assert/strict";
import { test } from "node:test";

import { valuesOf } from "../support/http-message.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

const json = ["application/json"];
const vendor = ["application/json", "application/*+json"];
const cases: ReadonlyArray<readonly [contentTypes: readonly string[], field: string | undefined, isAccepted: boolean]> =
  [
    [json, "application/json", true],
    [json, "Application/JSON", true],
    [json, "application/json; charset=utf-8", true],
    [json, 'application/json;charset="UTF-8"', true],
    [json, "application/json; profile=x", true],
    [json, "application/json;", true],
    [json, undefined, false],
    [json, "", false],
    [json, "json", false],
    [json, "text/json", false],
    [json, "application/json5", false],
    [json, "application/jsonp", false],
    [json, "application/problem+json", false],
    [json, "application/json; charset=utf-16", false],
    [json, "application/json; charset=latin1", false],
    [json, "application/json; charset=utf-8; charset=utf-16", false],
    [json, "application/json; charset=utf-8; charset=utf-8", false],
    [json, "application/json charset=utf-8", false],
    [json, "application/json; charset = utf-8", false],
    [json, 'application/json; charset="utf-8', false],
    [json, "application/json, text/plain", false],
    [json, "text/plain, application/json", false],
    [json, "application/json/x", false],
    [json, "*/*", false],
    [json, "application/*", false],
    [json, "multipart/form-data; boundary=application/json", false],
    [vendor, "application/problem+json", true],
    [vendor, "application/vnd.example.v2+JSON; v=1", true],
    [vendor, "application/+json", false],
    [vendor, "text/example+json", false],
    [vendor, "application/example+jsonx", false],
    [vendor, "application/example+xml", false],
  ];

for (const [contentTypes, field, isAccepted] of cases) {
  test(`${field ?? "no media type"} is ${isAccepted ? "read" : "415"} where ${contentTypes.join(", ")} is accepted`, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(), {
      schemas: { "any.json": { type: "object" } },
      route: { request: { body: { schema: "any.json", contentTypes } } },
    });
    const parts = {
      method: "POST",
      body: ' {"a" : 1}',
      fields: field === undefined ? [] : [["Content-Type", field] as const],
    };
    if (isAccepted) {
      assert.equal((await stage.ask(parts)).status, 200);
      assert.equal(upstream.requests[0]?.body.toString(), parts.body);
      assert.deepEqual(valuesOf(upstream.requests[0].fields, "content-type"), [field]);
    } else {
      const { response } = await stage.fails({ code: "unsupported_media_type", method: "POST" }, parts);
      assert.deepEqual(valuesOf(response.fields, "accept"), [contentTypes.join(", ")]);
      assert.equal(upstream.requests.length, 0);
    }
  });
}
