import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { Failure } from "../../gateway/failures/failure.ts";
import { canonicalPath, segmentValue } from "../../gateway/route/canonical.ts";

const refusedAs = (code: string) => (error: unknown) => error instanceof Failure && error.code === code;

const unchanged = ["/", "/orders", "/orders/7", "/orders/", "/a.b", "/.well-known/x", "/...", "/a..", "/..a", "/a;v=1"];

for (const path of unchanged) {
  test(`leaves ${path} as it is`, () => assert.equal(canonicalPath(path), path));
}

const canonical: Array<[string, string]> = [
  ["/%7Euser", "/~user"],
  ["/%6frders", "/orders"],
  ["/caf%c3%a9", "/caf%C3%A9"],
  ["/a%20b", "/a%20b"],
  ["/a%3ab", "/a:b"],
  ["/a%2a", "/a*"],
  ["/100%25", "/100%25"],
  ["/%252e%252e/x", "/%252e%252e/x"],
  ["/%252fetc", "/%252fetc"],
  ["/a%3fb", "/a%3Fb"],
  ["/a%23b", "/a%23b"],
  ["/a|b", "/a%7Cb"],
  ["/a%7cb", "/a%7Cb"],
  ["/%2e%2e%2e", "/..."],
];

for (const [raw, form] of canonical) {
  test(`reads ${raw} as ${form}`, () => assert.equal(canonicalPath(raw), form));
}

const refused: Array<[string, string]> = [
  ["", "no path"],
  ["orders", "no leading slash"],
  ["*", "the asterisk form"],
  ["/a#b", "a fragment"],
  ["/.", "a dot segment"],
  ["/..", "a dot segment"],
  ["/a/./b", "a dot segment"],
  ["/a/../b", "a dot segment"],
  ["/a/..;/b", "a dot segment with parameters"],
  ["/a/.;x=1", "a dot segment with parameters"],
  ["/a/..%3b/b", "a dot segment with escaped parameters"],
  ["/%2e/a", "an escaped dot segment"],
  ["/a/%2e%2E/b", "an escaped dot segment"],
  ["/a/.%2e", "a half escaped dot segment"],
  ["//a", "an empty segment"],
  ["/a//b", "an empty segment"],
  ["/a//", "an empty segment"],
  ["/a\\b", "a backslash"],
  ["/a%5Cb", "an escaped backslash"],
  ["/a%2fb", "an escaped slash"],
  ["/a%2Fb", "an escaped slash"],
  ["/a%00b", "an escaped NUL"],
  ["/a%0d%0ab", "an escaped line break"],
  ["/a%7fb", "an escaped DEL"],
  ["/a%zz", "a broken escape"],
  ["/a%4", "a cut escape"],
  ["/a%", "a cut escape"],
  ["/a%ff", "an escape that is not UTF-8"],
  ["/%c0%ae%c0%ae/", "overlong dots"],
  ["/%ed%a0%80", "an escaped surrogate"],
  ["/caf\u00e9", "a byte over 127"],
  ["/a\u0000", "a control character"],
  ["/a\tb", "a control character"],
  ["/a%41\u007f", "a control character after an escape"],
];

for (const [raw, why] of refused) {
  test(`refuses ${JSON.stringify(raw)}: ${why}`, () => {
    assert.throws(() => canonicalPath(raw), refusedAs("malformed_request"));
  });
}

const hostile = fc.array(
  fc.constantFrom(..."/.;%2eEfF5cC03aA9~*:?#\\|\u00e9 x".split(""), "%2e", "%25", "%41", "%c3%a9", "/", "/"),
  { maxLength: 24 },
);

test("the canonical form of a canonical form is itself", () => {
  fc.assert(
    fc.property(hostile, (parts) => {
      const form = canonicalOrRefused(`/${parts.join("")}`);
      if (form !== undefined) assert.equal(canonicalPath(form), form);
    }),
    { numRuns: 2000 },
  );
});

test("never decodes twice: the value is what one decoding of the raw path gives", () => {
  fc.assert(
    fc.property(hostile, (parts) => {
      const raw = `/${parts.join("")}`;
      const form = canonicalOrRefused(raw);
      if (form === undefined) return;
      assert.deepEqual(form.split("/").map(segmentValue), raw.split("/").map(decodeURIComponent));
    }),
    { numRuns: 2000 },
  );
});

test("an accepted path has no segment that a server would resolve, however it is escaped", () => {
  fc.assert(
    fc.property(hostile, (parts) => {
      const form = canonicalOrRefused(`/${parts.join("")}`);
      if (form === undefined) return;
      const segments = decodeURIComponent(form).split("/").slice(1);
      for (const [i, segment] of segments.entries()) {
        assert.ok(!/^\.{1,2}(;|$)/.test(segment), segment);
        assert.ok(segment !== "" || i === segments.length - 1, "empty segment");
      }
    }),
    { numRuns: 2000 },
  );
});

test("escaping any character of a path that need not be leaves its canonical form", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^(\/[A-Za-z0-9_~!$&'()*+,=:@-]{1,5}){1,4}$/),
      fc.infiniteStream(fc.boolean()),
      (path, coins) => {
        const escaped = path.replace(/[^/]/g, (character) =>
          coins.next().value === true ? `%${character.charCodeAt(0).toString(16)}` : character,
        );
        assert.equal(canonicalPath(escaped), path);
      },
    ),
  );
});

function canonicalOrRefused(raw: string): string | undefined {
  try {
    return canonicalPath(raw);
  } catch (error) {
    if (refusedAs("malformed_request")(error)) return undefined;
    throw error;
  }
}

test("escaped slashes, where they are allowed, stay escaped and are decoded into one value", () => {
  assert.equal(canonicalPath("/a%2fb%2F%41/c", "allow"), "/a%2Fb%2FA/c");
  assert.equal(canonicalPath("/http:%2f%2fb.test", "allow"), "/http:%2F%2Fb.test");
  assert.equal(segmentValue("a%2Fb"), "a/b");
});

test("a path with escaped slashes has no segment that a server would resolve once it has decoded them", () => {
  const slashed = fc.array(fc.constantFrom("%2f", "%2F", "/", ".", "..", "%2e", ";", "a", "..a", "%2e%2e"), {
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(slashed, (parts) => {
      let form: string;
      try {
        form = canonicalPath(`/${parts.join("")}`, "allow");
      } catch (error) {
        assert.ok(refusedAs("malformed_request")(error));
        return;
      }
      assert.equal(canonicalPath(form, "allow"), form);
      for (const segment of decodeURIComponent(form).split("/")) assert.doesNotMatch(segment, /^\.{1,2}(;|$)/);
    }),
    { numRuns: 5000 },
  );
});
