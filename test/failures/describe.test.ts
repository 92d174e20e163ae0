import assert from "node:assert/strict";
import { test } from "node:test";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { describeFailure, failureReference } from "../../gateway/failures/describe.ts";

const described = (code: (typeof failureCodes)[number]): Record<string, string> =>
  Object.fromEntries(describeFailure(code));

test("a row in words says its status, its Proxy-Status and whom it blames", () => {
  const row = described("queue_timeout");
  assert.equal(row["status"], "503");
  assert.equal(row["Proxy-Status"], 'error=connection_limit_reached; details="queue_timeout"');
  assert.equal(row["caused by"], "gateway");
  assert.equal(row["Retry-After"], "always: whole seconds, at least 1");
});

test("a row without a response says why there is none", () => {
  assert.match(described("client_closed")["status"] ?? "", /logged as 499/);
  assert.equal(described("client_closed")["Proxy-Status"], "none");
  assert.match(described("upstream_incomplete")["status"] ?? "", /broken off/);
  assert.match(described("upstream_incomplete")["Proxy-Status"] ?? "", /in the log alone/);
});

test("a row says where the connection ends with it, and where nothing produces it yet", () => {
  assert.equal(described("method_unknown")["connection"], "closed after the answer");
  assert.equal(described("no_route")["connection"], undefined);
  assert.equal(described("forbidden")["reserved"], "nothing produces it yet");
});

test("the reference has a line and a section for every row", () => {
  const reference = failureReference();
  for (const code of failureCodes) {
    assert.match(reference, new RegExp(`^\\| \\[${code}\\]\\(#${code}\\)`, "m"));
    assert.match(reference, new RegExp(`^## ${code}$`, "m"));
  }
});
