import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { AnswerReader } from "../../../load-tests/peers/benchmark/answer-reader.ts";
import { eventOf } from "../../../load-tests/peers/workloads.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
const noEvents = (): void => assert.fail("an event");

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

describe("the benchmark's reader of answers", () => {
  test("finds the end of each answer, wherever reads split it", () => {
    for (let split = 1; split < answer.length; split += 1) {
      const reader = new AnswerReader({ status: 200 }, noEvents);
      for (let turn = 0; turn < 2; turn += 1) {
        assert.equal(reader.read(Buffer.from(answer.slice(0, split))), false);
        assert.equal(reader.read(Buffer.from(answer.slice(split))), true);
      }
    }
  });

  test("counts events, wherever reads split the stream, and tells when they were written", () => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const stream = `${head}${chunk(eventOf(5_000_000n))}${chunk(eventOf(6_000_000n))}0\r\n\r\n`;
    for (let split = 1; split < stream.length; split += 1) {
      const times: number[] = [];
      const reader = new AnswerReader({ status: 200, events: 2 }, (at) => times.push(at));
      assert.equal(reader.read(Buffer.from(stream.slice(0, split))), false);
      assert.equal(reader.read(Buffer.from(stream.slice(split))), true);
      assert.equal(times.length, 2);
      for (const [index, time] of times.entries()) assert.ok(Number.isNaN(time) || time === 5000 + index * 1000);
    }
  });

  test("refuses another status, length or number of events, and bytes after the answer", () => {
    const refuses = (expected: ConstructorParameters<typeof AnswerReader>[0], text: string, said: RegExp): void =>
      assert.throws(() => new AnswerReader(expected, () => {}).read(Buffer.from(text)), said);
    refuses({ status: 503 }, answer, /'HTTP\/1\.1 200 OK' in place of 503/);
    refuses({ status: 200, bodyBytes: 5 }, answer, /a body of 4 bytes/);
    refuses({ status: 200 }, `${answer}more`, /more bytes came/);
    refuses({ status: 200, events: 1 }, answer, /without chunked coding/);
    refuses(
      { status: 200, events: 1 },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      /a stream of 0 events/,
    );
    refuses({ status: 200 }, "HTTP/1.1 200 OK\r\n\r\n", /without Content-Length/);
  });
});
