import assert from "node:assert/strict";
import { test } from "node:test";

import { compileAcceptedTypes, isAccepted, parseMediaType } from "../../gateway/validate/media-type.ts";

const wellFormed: Array<[string, string, Record<string, string>]> = [
  ["application/json", "application/json", {}],
  ["Application/JSON", "application/json", {}],
  ["application/json;charset=utf-8", "application/json", { charset: "utf-8" }],
  ["application/json ; Charset=UTF-8", "application/json", { charset: "UTF-8" }],
  ['application/json; charset="utf-8"', "application/json", { charset: "utf-8" }],
  ['a/b; c="x\\"y;z=1"; d=2', "a/b", { c: 'x"y;z=1', d: "2" }],
  ["application/json;", "application/json", {}],
  ["application/json; ;a=b ", "application/json", { a: "b" }],
  ["application/problem+json", "application/problem+json", {}],
  ['a/b;c=""', "a/b", { c: "" }],
];

for (const [field, essence, parameters] of wellFormed) {
  test(`reads ${field}`, () => {
    const type = parseMediaType(field);
    assert.ok(type);
    assert.equal(`${type.type}/${type.subtype}`, essence);
    assert.deepEqual(Object.fromEntries(type.parameters), parameters);
  });
}

const faulty = [
  "",
  "json",
  "application/",
  "/json",
  "application/json/x",
  "application/json, text/plain",
  "application/json charset=utf-8",
  "application/json; charset",
  "application/json; charset=",
  "application/json; charset =utf-8",
  "application/json; charset= utf-8",
  "application/json; charset=utf-8; charset=utf-16",
  "application/json; charset=utf-8; CHARSET=utf-8",
  'application/json; charset="utf-8',
  'application/json; charset="utf-8"x',
  "application/json; charset=utf 8",
  "appli cation/json",
  "application/json\u0000",
];

for (const field of faulty) {
  test(`has no reading of ${JSON.stringify(field)}`, () => assert.equal(parseMediaType(field), undefined));
}

const matches: Array<[string[], string, boolean]> = [
  [["application/json"], "application/json; charset=utf-8", true],
  [["Application/Json"], "application/JSON", true],
  [["application/json"], "application/problem+json", false],
  [["application/*+json"], "application/problem+json", true],
  [["application/*+json"], "application/json", false],
  [["application/*+json"], "application/+json", false],
  [["application/*+json"], "text/x+json", false],
  [["image/*"], "image/png", true],
  [["image/*"], "imagex/png", false],
  [["*/*"], "a/b", true],
  [["text/plain", "application/json"], "application/json", true],
  [["application/json"], "application/jsonp", false],
];

for (const [ranges, field, expected] of matches) {
  test(`${ranges.join(", ")} ${expected ? "covers" : "does not cover"} ${field}`, () => {
    const type = parseMediaType(field);
    assert.ok(type);
    assert.equal(isAccepted(compileAcceptedTypes(ranges), type), expected);
  });
}
