import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import { parseRequestHead } from "../../gateway/http1/request-head.ts";
import { parseResponseHead } from "../../gateway/http1/response-head.ts";
import { FieldRefused, writeInterimHead, writeRequestHead, writeResponseHead } from "../../gateway/http1/write-head.ts";

const end = "\r\n\r\n";
const oneOf = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...characters.split(""));

describe("heads as they are written", () => {
  test("a request", () => {
    assert.equal(
      writeRequestHead("GET", "/a?b", ["host", "a", "x-wide", "\xff\t\x80"]),
      "GET /a?b HTTP/1.1\r\nhost: a\r\nx-wide: \xff\t\x80\r\n\r\n",
    );
    assert.equal(writeRequestHead("OPTIONS", "*", []), "OPTIONS * HTTP/1.1\r\n\r\n");
  });

  test("a response, with our own reason phrase and the caller's tail", () => {
    assert.equal(
      writeResponseHead(200, ["a", "b"], "content-length: 0\r\nconnection: close\r\n\r\n"),
      "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    assert.equal(writeResponseHead(299, [], "\r\n"), "HTTP/1.1 299 \r\n\r\n");
  });

  test("an interim response", () => {
    assert.equal(writeInterimHead(103, ["link", "<a>"]), "HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n");
    assert.throws(() => writeInterimHead(200, []), FieldRefused);
  });
});

describe("what is not written", () => {
  const refused = (name: string, value: string): void => {
    for (const write of [
      (fields: readonly string[]) => writeRequestHead("GET", "/", fields),
      (fields: readonly string[]) => writeResponseHead(200, fields, "\r\n"),
      (fields: readonly string[]) => writeInterimHead(103, fields),
    ]) {
      assert.throws(() => write(["a", "b", name, value, "c", "d"]), FieldRefused, JSON.stringify([name, value]));
    }
  };

  test("every control character but HTAB, in names and in values", () => {
    for (let code = 0; code < 256; code += 1) {
      const character = String.fromCharCode(code);
      const isControl = (code < 0x20 && code !== 0x09) || code === 0x7f;
      if (isControl) refused("x", `a${character}b`);
      else writeRequestHead("GET", "/", ["x", `a${character}b`]);
      if (isControl || code > 0x7f || ' \t"(),/:;<=>?@[\\]{}'.includes(character)) refused(`a${character}b`, "v");
      else writeRequestHead("GET", "/", [`a${character}b`, "v"]);
    }
  });

  test("characters that are no octets, which latin1 would make others of", () => {
    for (const character of ["\u0100", "\u010a", "\u010d", "\u0141", "\u{1f600}"]) {
      refused("x", `a${character}`);
      refused(`a${character}`, "v");
    }
  });

  test("a value that brings its own lines, a name without text, a name without value", () => {
    refused("x", "a\r\nb: c");
    refused("x", "\r\n");
    refused("", "v");
    assert.throws(() => writeRequestHead("GET", "/", ["x"]), FieldRefused);
    assert.throws(() => writeRequestHead("GET", "/", ["x", "\r\n", "y"]), FieldRefused);
  });

  test("methods, targets and statuses that are none", () => {
    for (const method of ["", "G T", "GET\r\n", "G\xc9T"]) {
      assert.throws(() => writeRequestHead(method, "/", []), FieldRefused, method);
    }
    for (const target of ["", "/ ", "/\r\n", "/\t", "/\xe9", "/\u0100"]) {
      assert.throws(() => writeRequestHead("GET", target, []), FieldRefused, target);
    }
    for (const status of [99, 600, 200.5, Number.NaN, -200]) {
      assert.throws(() => writeResponseHead(status, [], "\r\n"), FieldRefused, String(status));
    }
  });

  test("the error names the field and not its value", () => {
    assert.throws(
      () => writeRequestHead("GET", "/", ["a", "b", "x-secret", "s3cret\0"]),
      (error: Error) => {
        assert.match(error.message, /x-secret/);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      },
    );
  });
});

describe("writing and parsing", () => {
  const tchar = oneOf("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");
  const name = fc.string({ unit: tchar, minLength: 1, maxLength: 70 });
  const octet = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(0x09));
  const value = fc
    .array(octet, { maxLength: 80 })
    .map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ""));
  const fields = fc.array(fc.tuple(name, value), { maxLength: 40 }).map((pairs) => pairs.flat());
  const target = fc.string({ unit: oneOf("abc/?#%20~!{}|\\^[]@:"), maxLength: 60 }).map((path) => `/${path}`);

  test("a request that is written is parsed as it was", () => {
    fc.assert(
      fc.property(name, target, fields, (method, path, list) => {
        fc.pre(method !== "CONNECT");
        const text = writeRequestHead(method, path, list);
        assert.ok(text.endsWith(end));
        const head = parseRequestHead(text.slice(0, -end.length));
        assert.ok(typeof head !== "string", JSON.stringify(head));
        assert.deepEqual([head.method, head.target, head.minorVersion, head.fields.list], [method, path, 1, list]);
      }),
      { numRuns: 1000 },
    );
  });

  test("a response that is written is parsed as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fields, (status, list) => {
        const text = writeResponseHead(status, list, "tail: x\r\n\r\n");
        const head = parseResponseHead(text.slice(0, -end.length));
        assert.ok(typeof head !== "string", JSON.stringify(head));
        assert.deepEqual([head.status, head.minorVersion, head.fields.list], [status, 1, [...list, "tail", "x"]]);
      }),
      { numRuns: 1000 },
    );
  });

  test("whatever is asked to be written, what is written is one head with these fields, or nothing", () => {
    const anything = fc.string({ unit: oneOf("aZ:\r\n\0\t \x7f\xff\u010a-"), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(anything, anything), { maxLength: 4 }), (pairs) => {
        let text: string;
        try {
          text = writeRequestHead("GET", "/", pairs.flat());
        } catch (error) {
          assert.ok(error instanceof FieldRefused);
          return;
        }
        const head = parseRequestHead(text.slice(0, -end.length));
        assert.ok(typeof head !== "string", JSON.stringify(head));
        const trimmed = pairs.map(([key, text_]) => [key.toLowerCase(), text_.replace(/^[ \t]+|[ \t]+$/g, "")]);
        assert.deepEqual(head.fields.list, trimmed.flat());
      }),
      { numRuns: 3000 },
    );
  });
});
