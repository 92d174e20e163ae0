import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { compileRewrite } from "../../gateway/route/rewrite.ts";

const cases: Array<[string, string, string]> = [
  ["/v1", "/v1/orders", "/orders"],
  ["/v1", "/v1", "/"],
  ["/v1", "/v1/", "/"],
  ["/v1", "/v1?x=1", "/?x=1"],
  ["/v1", "/v1/orders?next=/v1/a", "/orders?next=/v1/a"],
  ["/v1", "/v10/orders", "/v10/orders"],
  ["/v1", "/v2/v1", "/v2/v1"],
  ["/v1", "/", "/"],
  ["/v1/", "/v1/orders", "/orders"],
  ["/v1/*", "/v1/orders", "/orders"],
  ["/", "/v1/orders", "/v1/orders"],
  ["/api/v1", "/api/v1/a%20b", "/a%20b"],
  ["/api/v1", "/api?x", "/api?x"],
  ["/v1", "/%761/orders%2D7", "/orders%2D7"],
  ["/v1", "/v%31?a=%31", "/?a=%31"],
  ["/café", "/caf%c3%a9/x", "/x"],
  ["/caf%C3%A9", "/caf%c3%a9/x", "/x"],
];

for (const [prefix, target, rest] of cases) {
  test(`takes ${prefix} from ${target}: ${rest}`, () => assert.equal(compileRewrite(prefix)(target), rest));
}

test("what is left begins with exactly one slash and ends the received bytes", () => {
  const segment = fc.stringMatching(/^([A-Za-z0-9_~-]|%[46][1-9]){1,4}$/);
  const target = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom("", "?", "?a=/v1//b", "?x=%2f"))
    .map(([segments, query]) => `/${segments.join("/")}${query}`);
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 2 }), target, (prefix, rest) => {
      const rewrite = compileRewrite(`/${prefix.join("/")}`);
      const whole = prefix.length === 0 ? rest : `/${prefix.join("/")}${rest}`;
      for (const input of [whole, rest]) {
        const output = rewrite(input);
        assert.match(output, /^\/(?!\/)/);
        assert.ok(input.endsWith(output) || input.endsWith(output.slice(1)));
      }
      assert.equal(rewrite(whole), rest);
    }),
    { numRuns: 1000 },
  );
});
