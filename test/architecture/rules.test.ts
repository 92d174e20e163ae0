import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { codeOf, findMatches, listSources } from "./source.ts";
import { findStatuses } from "./statuses.ts";

const asWritten = (text: string): string => text;
const gateway = listSources(["gateway"], /\.ts$/);
const code = listSources(["gateway", "test", "load-tests", "docs"], /\.ts$/);
const everything = listSources();

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

describe("sizes", () => {
  test("no file in gateway/ is longer than 250 lines", () => {
    assert.ok(gateway.length > 0);
    const long = gateway.filter(({ text }) => linesOf(text) > 250).map(({ path, text }) => `${path}: ${linesOf(text)}`);
    assert.deepEqual(long, []);
  });

  test("the page has at most 120 lines", () => {
    const page = gateway.find(({ path }) => path === "gateway/gateway.ts");
    assert.ok(page !== undefined);
    assert.ok(linesOf(page.text) <= 120, `gateway/gateway.ts: ${linesOf(page.text)}`);
  });
});

describe("names", () => {
  test("files and folders are kebab-case nouns, and none is a catch-all", () => {
    const parts = code.flatMap(({ path }) =>
      path.split("/").map((part) => ({ path, word: part.replace(/(?:\.test)?\.ts$/, "") })),
    );
    const bad = parts.filter(
      ({ word }) =>
        !/^[a-z\d]+(?:-[a-z\d]+)*$/.test(word) ||
        /(?:^|-)(?:utils?|helpers?|managers?|commons?|misc|index)(?:-|$)/.test(word),
    );
    assert.deepEqual(
      bad.map(({ path }) => path),
      [],
    );
  });
});

describe("vocabulary", () => {
  // The field has a word for each: pipeline and stages, shared state, request checks, timer, admission, policy, supervisor …
  const privateWords =
    /(?<![a-z])(?:rooms|assembly|holdings|arrivals?|conduct|alarms?|tickets?|screenings?|crew|hired?|strikes|beliefs?|twins?|house)(?![a-z])/gi;
  const title = /\b(?:test|describe|it)\(\s*(?:"[^"]*"|`[^`]*`)/g;
  const wordsOf = (text: string): string => text.replaceAll(/([a-z\d])(?=[A-Z])/g, "$1 ");
  const identifiersOf = (text: string): string => wordsOf(codeOf(text));
  const titlesOf = (text: string): string => [...text.matchAll(title)].map(([found]) => found).join("\n");

  test("no identifier, test title or file name uses a private word", () => {
    const files = code.map(({ path }) => ({ path, text: path }));
    assert.deepEqual(findMatches(code, privateWords, identifiersOf), []);
    assert.deepEqual(findMatches(code, /\bisAsked\b/g, codeOf), []);
    assert.deepEqual(findMatches(code, privateWords, titlesOf), []);
    assert.deepEqual(findMatches(files, privateWords, asWritten), []);
  });

  test("no heading does", () => {
    const documents = listSources(["."], /\.md$/).filter(({ path }) => !/CHANGELOG|decisions\//.test(path));
    const headingsOf = (text: string): string => text.replaceAll(/^[^#].*$/gm, "");
    assert.deepEqual(findMatches(documents, privateWords, headingsOf), []);
  });

  test("one is found in the midst of a name, and in a title", () => {
    const text = 'const fakeRooms = 1;\nconst roomy = 1;\nconst showroom = 1;\ntest("a twin", () => {});';
    assert.deepEqual(findMatches([{ path: "a.ts", text }], privateWords, identifiersOf), ["a.ts:1: Rooms"]);
    assert.deepEqual(findMatches([{ path: "a.ts", text }], privateWords, titlesOf), ["a.ts:1: twin"]);
  });
});

describe("statuses", () => {
  test("no 4xx or 5xx that the gateway makes is named outside failures/", () => {
    assert.deepEqual(findStatuses(gateway), []);
  });

  test("a status in code is found, and one in a comment or a text is not", () => {
    const text =
      '// 502\nconst a = "503"; /* 504 */ res.writeHead(500);\nconst ms = 5_000 + 1500;\nconst waitMs = 500;\n';
    assert.deepEqual(findStatuses([{ path: "gateway/respond/relay.ts", text }]), ["gateway/respond/relay.ts:2: 500"]);
  });
});

describe("the process", () => {
  const processUse = /(?<![\w.#"])process\s*[.[]|\bglobalThis\.process\b/g;

  test("it is used in main.ts, commands/ and supervise/ alone", () => {
    const stages = gateway.filter(({ path }) => !/^gateway\/(?:main\.ts|commands\/|supervise\/)/.test(path));
    assert.deepEqual(findMatches(stages, processUse, codeOf), []);
  });

  test("a use is found where it stands", () => {
    const stage = [{ path: "gateway/route/match.ts", text: "// process.env\nconst a = process.env.A;\n" }];
    assert.deepEqual(findMatches(stage, processUse, codeOf), ["gateway/route/match.ts:2: process."]);
  });
});

describe("leftovers", () => {
  test("nothing is left to be done, typed away or silenced", () => {
    const postponed = /\b(?:TO(?:DO)|FIX(?:ME)|X(?:XX)|HA(?:CK))\b|@ts-(?:ignore|nocheck|expect-error)\b/g;
    assert.deepEqual(findMatches(code, postponed, asWritten), []);
    assert.deepEqual(findMatches(code, /(?:[:<|&]|\bas)\s*any\b/g, codeOf), []);
  });

  test("no test is skipped, and none runs alone", () => {
    const tests = code.filter(({ path }) => path.startsWith("test/"));
    assert.deepEqual(findMatches(tests, /\b(?:test|it|describe|suite|t)\.(?:only|skip|todo)\b/g, codeOf), []);
  });

  test("no file names a package registry's host or a path of somebody's machine", () => {
    const folders = ["work", "tmp", "home", "root", "Users"].join("|");
    const machine = new RegExp(String.raw`\bregistry\.[\w-]+\.\w+|(?<![\w.*)}])/(?:${folders})/`, "g");
    assert.deepEqual(findMatches(everything, machine, asWritten), []);
    assert.equal(
      findMatches([{ path: "a", text: ["at ", "home", "me/a.ts"].join("/") }], machine, asWritten).length,
      1,
    );
  });
});
