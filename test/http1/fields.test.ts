import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { countLearned } from "../../gateway/http1/names.ts";
import { Fields, Known, parseFields } from "../../gateway/http1/fields.ts";

function parsed(...lines: readonly string[]): Fields {
  const fields = new Fields();
  assert.equal(parseFields(lines.join("\r\n"), 0, fields), undefined);
  return fields;
}

describe("parseFields", () => {
  test("learns short names, once each in whatever case, and no long ones", () => {
    const before = countLearned();
    parsed("X-Never-Seen: a", "x-never-seen: b", "X-NEVER-SEEN: c", `${"x".repeat(65)}: d`);
    assert.equal(countLearned(), before + 1);
    parsed(`${"x".repeat(64)}: d`);
    assert.equal(countLearned(), before + 2);
  });

  test("lower-cases names and trims SP and HTAB around values, and nothing else", () => {
    const { list } = parsed("Host:a", "X-B: \t b c\t ", "X-Empty:", "X-Blank: \t", "!#$%&'*+-.^`|~9Z: \xa0v\xff\x80:");
    assert.deepEqual(list, [
      "host",
      "a",
      "x-b",
      "b c",
      "x-empty",
      "",
      "x-blank",
      "",
      "!#$%&'*+-.^`|~9z",
      "\xa0v\xff\x80:",
    ]);
  });

  test("begins where it is told to, and takes no line for a section without fields", () => {
    const fields = new Fields();
    assert.equal(parseFields("GET / HTTP/1.1\r\nA: b", 16, fields), undefined);
    assert.equal(parseFields("GET / HTTP/1.1", 16, fields), undefined);
    assert.equal(parseFields("", 0, fields), undefined);
    assert.deepEqual(fields.list, ["a", "b"]);
  });

  test("refuses an empty line within and behind the fields", () => {
    for (const text of ["A: b\r\n", "A: b\r\n\r\nC: d", "\r\nA: b"]) {
      assert.equal(parseFields(text, 0, new Fields()), "no_colon", JSON.stringify(text));
    }
  });

  test("refuses characters that are no octets", () => {
    for (const text of ["A: \u0100", "A\u0141: b", "A: \u010a"]) {
      assert.equal(parseFields(text, 0, new Fields()), "control_char", JSON.stringify(text));
    }
  });

  test("judges octets before lines, wherever they stand", () => {
    assert.equal(parseFields("X Y: z\r\nA: \0", 0, new Fields()), "control_char");
    assert.equal(parseFields("X\r\nA: b\nc", 0, new Fields()), "bare_lf");
    assert.equal(parseFields(" X\r\nA: b\r", 0, new Fields()), "bare_cr");
  });

  test("knows each well-known name in any case, and only it", () => {
    for (const [key, bit] of Object.entries(Known)) {
      const name = key.replace(/[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      for (const spelling of [name, name.toUpperCase(), name.replace(/^./, (letter) => letter.toUpperCase())]) {
        assert.equal(parsed(`${spelling}: x`).seen, bit, spelling);
      }
      assert.equal(parsed(`${name}x: x`, `x${name}: x`, `${name.slice(0, -1)}: x`).seen, 0, name);
    }
    assert.equal(new Set(Object.values(Known)).size, Object.keys(Known).length);
    assert.ok(Object.keys(Known).length <= 31);
  });

  test("counts only what repeats", () => {
    const fields = parsed("Host: a", "Cookie: a=b", "HOST: b", "X: 1", "X: 2");
    assert.ok(fields.has(Known.host) && fields.has(Known.cookie) && !fields.has(Known.via));
    assert.ok(fields.isRepeated(Known.host) && !fields.isRepeated(Known.cookie));
  });

  test("sees an underscore in a name, and not in a value", () => {
    assert.equal(parsed("A-B: c_d").hasUnderscore, false);
    assert.equal(parsed("A: b", "C_D: e").hasUnderscore, true);
    assert.equal(parsed(`${"x".repeat(100)}_: e`).hasUnderscore, true);
  });

  test("reads names rightly when strangers have sent thousands of others, and very long ones", () => {
    for (let n = 0; n < 20_000; n += 1) {
      const name = `x-${(n * 2_654_435_761).toString(36)}`;
      assert.deepEqual(parsed(`${name.toUpperCase()}: v`, "Content-Length: 1").list, [
        name,
        "v",
        "content-length",
        "1",
      ]);
    }
    assert.equal(countLearned(), 1024);
    const long = "X".repeat(60_000);
    assert.deepEqual(parsed(`${long}: v`).list, [long.toLowerCase(), "v"]);
    assert.equal(parsed("transfer-Encoding: x").seen, Known.transferEncoding);
  });

  test("reads names whose hashes collide, and those of JavaScript's objects", () => {
    // "a~" and "b_" have the same hash to the base of 31, and so have all names that are made of the two.
    let names = [""];
    for (let n = 0; n < 6; n += 1) names = names.flatMap((name) => [`${name}a~`, `${name}b_`]);
    for (const name of [...names, ...names, "constructor", "__proto__", "hasownproperty"]) {
      assert.deepEqual(parsed(`${name}: ${name}`).list, [name, name]);
    }
  });
});

describe("Fields", () => {
  const fields = parsed("Accept: a", "Cookie: a=b", "accept: b", "Cookie: c=d", "X-Empty:");

  test("joins the lines of a field with a comma, and cookies with a semicolon", () => {
    assert.equal(fields.get("accept"), "a, b");
    assert.equal(fields.get("cookie"), "a=b; c=d");
    assert.equal(fields.get("x-empty"), "");
  });

  test("says nothing of a field that is absent, or that is a value's text", () => {
    assert.equal(fields.get("via"), undefined);
    assert.equal(fields.get("a=b"), undefined);
    assert.deepEqual(fields.all("via"), []);
  });

  test("gives every line of a field in order", () => {
    assert.deepEqual(fields.all("accept"), ["a", "b"]);
    assert.deepEqual(parsed("a: a", "a: a").all("a"), ["a", "a"]);
  });
});
