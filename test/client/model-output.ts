import assert from "node:assert/strict";

import type { ModelExchange } from "./model-exchange.ts";

const interim = /HTTP\/1\.1 1\d\d [^\r]+\r\n(?:link: [^\r]+\r\n)?\r\n/g;
const head = /^HTTP\/1\.1 200 OK\r\nx-target: (\S+)\r\ndate: now\r\n((?:[a-z-]+: [^\r]+\r\n)+)\r\n/;

/**
 * What a client has taken must be whole responses in the order of their requests, and of the last one maybe a part;
 * interim responses apart.
 */
export function checkOutput(output: string, exchanges: readonly ModelExchange[]): void {
  let left = output.replaceAll(interim, "");
  for (const { written, request, response } of exchanges) {
    if (left === "") return;
    const parsed = head.exec(left);
    assert.ok(parsed !== null && written !== undefined, `this is no response of ours: ${left}`);
    assert.equal(parsed[1], request.head.target || "none", "responses come in the order of their requests");
    left = left.slice(parsed[0].length);
    const isChunked = parsed[2]?.includes("transfer-encoding: chunked") === true;
    const body = isChunked ? dechunked(left) : { text: left.slice(0, written.length), bytes: written.length };
    assert.ok(written.startsWith(body.text), "its body is its own");
    left = left.slice(body.bytes);
    if (!response.isEnded || body.text.length < written.length) break;
  }
  assert.equal(left, "", "there is more");
}

/** A chunked body as far as it has come: its text, and how many bytes of `raw` it takes. */
function dechunked(raw: string): { readonly text: string; readonly bytes: number } {
  let text = "";
  let at = 0;
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/.exec(raw.slice(at));
    if (line === null) return { text, bytes: raw.length };
    const size = Number.parseInt(line[1] as string, 16);
    const from = at + line[0].length;
    text += raw.slice(from, from + size);
    at = from + size + 2;
    if (size === 0 || at >= raw.length) return { text, bytes: Math.min(at, raw.length) };
  }
}
