import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as fc from "fast-check";

import { redactor } from "../../gateway/observe/redact.ts";

const secret = "hunter2";

describe("redaction", () => {
  it("covers the built-in names and the configured ones, in any case and at any depth", () => {
    const redact = redactor(["X-Api-Key"]);
    const names = ["authorization", "Cookie", "SET-COOKIE", "Proxy-Authorization", "x-api-key"];
    for (const name of names) {
      const clean = JSON.stringify(redact({ [name]: secret, deep: [{ headers: { [name]: [secret] } }] }));
      assert.ok(!clean.includes(secret), clean);
    }
  });

  it("covers field lists, flat or in pairs", () => {
    const record = { raw: ["Accept", "*/*", "Authorization", secret], pairs: [["Cookie", secret]] };
    assert.deepEqual(redactor([])(record), {
      raw: ["Accept", "*/*", "Authorization", "[Redacted]"],
      pairs: [["Cookie", "[Redacted]"]],
    });
  });

  it("takes only named properties of errors, whatever else they carry", () => {
    const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED", request: { authorization: secret } });
    const clean = JSON.stringify(redactor([])({ err: error }));
    assert.ok(clean.includes("ECONNREFUSED") && !clean.includes(secret), clean);
  });

  it("leaves the record as it was", () => {
    const record = { authorization: secret };
    redactor([])(record);
    assert.equal(record.authorization, secret);
  });

  it("is bounded in depth, and so ends on a cycle", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    assert.ok(JSON.stringify(redactor([])(cycle)).length < 200);
  });

  it("lets no value through under a secret name, in any record", () => {
    const redact = redactor(["token"]);
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom("a", "Token", "COOKIE", "list"), maxDepth: 5 }), (record) => {
        JSON.stringify(redact(record), (key, value: unknown) => {
          if (/^(?:token|cookie)$/i.test(key)) assert.equal(value, "[Redacted]");
          return value;
        });
      }),
      { verbose: 1 },
    );
  });
});
