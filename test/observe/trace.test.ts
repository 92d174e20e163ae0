import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as fc from "fast-check";

import type { RandomSource } from "../../gateway/observe/random.ts";

import { pooledRandom } from "../../gateway/observe/random.ts";
import { requestId, traceContext, traceparent } from "../../gateway/observe/trace.ts";

const random: RandomSource = { hex: (bytes) => "e1".repeat(bytes) };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const received = `00-${traceId}-${parentId}-01`;
const begun = { traceId: "e1".repeat(16), spanId: "e1".repeat(8), flags: "01", state: undefined };

describe("a request id", () => {
  it("is the client's where it is safe to repeat", () => {
    for (const id of ["a", "A-Za-z0-9._-", "x".repeat(128)]) assert.equal(requestId(id, random), id);
  });

  it("is made anew where the client sent none, two, or one that is not safe", () => {
    const unsafe = [undefined, "", "x".repeat(129), "a, b", "a b", "a\n", 'a"b', "ä", "a/b"];
    for (const id of unsafe) assert.equal(requestId(id, random), "e1".repeat(16), String(id));
  });
});

describe("a trace", () => {
  it("is continued under the client's trace id, with a span of our own", () => {
    const trace = traceContext({ traceparent: received, tracestate: "a=1,b=2" }, random);
    assert.deepEqual(trace, { traceId, spanId: "e1".repeat(8), flags: "01", state: "a=1,b=2" });
    assert.equal(traceparent(trace), `00-${traceId}-${"e1".repeat(8)}-01`);
  });

  it("is begun where there is none, or an invalid one, and then takes no tracestate over", () => {
    const invalid = [
      undefined,
      "",
      received.toUpperCase(),
      `00-${"0".repeat(32)}-${parentId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `ff-${traceId}-${parentId}-01`,
      `00-${traceId}-${parentId}-01-more`,
      `00-${traceId}-${parentId}-1`,
      `00-${traceId}-${parentId}`,
      `${received}, ${received}`,
      ` ${received}`,
      `01-${traceId}-${parentId}-01more`,
    ];
    for (const field of invalid) {
      assert.deepEqual(traceContext({ traceparent: field, tracestate: "a=1" }, random), begun, String(field));
    }
  });

  it("is continued from a later version, of which only what we know is passed on", () => {
    for (const later of [`cc-${traceId}-${parentId}-ff-what-comes`, `01-${traceId}-${parentId}-0b`]) {
      const trace = traceContext({ traceparent: later }, random);
      assert.equal(traceparent(trace), `00-${traceId}-${"e1".repeat(8)}-03`);
    }
  });

  it("drops a tracestate that is too long, has too many members, or is no tracestate", () => {
    const members = (count: number): string => Array.from({ length: count }, (_, at) => `k${at}=v`).join(",");
    const dropped = ["", `a=${"v".repeat(511)}`, members(33), "novalue", "A=1", "a=ä", "a=b=c", "=1"];
    for (const tracestate of dropped) {
      assert.equal(traceContext({ traceparent: received, tracestate }, random).state, undefined, tracestate);
    }
    for (const tracestate of [members(32), "a=1", "t@v=x y", "a=1, ,b=2"]) {
      assert.equal(traceContext({ traceparent: received, tracestate }, random).state, tracestate);
    }
  });

  it("renders a valid traceparent whatever came in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (parent, tracestate) => {
        const trace = traceContext({ traceparent: parent, tracestate }, pooledRandom());
        assert.match(traceparent(trace), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      }),
      { verbose: 1 },
    );
  });
});

describe("pooled randomness", () => {
  it("gives the bytes asked for and repeats none over several pools", () => {
    const source = pooledRandom();
    const ids = new Set(Array.from({ length: 2000 }, () => source.hex(16)));
    assert.equal(ids.size, 2000);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  });
});
