import assert from "node:assert/strict";

import type { UpstreamConnection } from "../../support/raw-upstream.ts";
import type { UpstreamAct } from "./upstream-act.ts";
import type { Ask } from "./upstream-answers.ts";

import { isPattern } from "./pattern.ts";
import { answerTo, askOf, brokenHeads, latePoison, latin1, poison } from "./upstream-answers.ts";
import { tunnelActs } from "./tunnel-acts.ts";
import { endBy, pause } from "./upstream-act.ts";

/** The whole of the request's body, which must be what its client sent. */
async function readWhole(connection: UpstreamConnection, { head, id, name }: Ask): Promise<void> {
  const isKnown = id.startsWith("f-") && head.target.startsWith("/e/");
  let length = 0;
  await connection.readBody(head, (chunk) => {
    if (isKnown) assert.ok(isPattern(id, chunk, length), `${name}: the body of ${id} came altered at ${length}`);
    length += chunk.length;
  });
}

/** The whole answer, and FIN where that is its end. */
async function answer(connection: UpstreamConnection, ask: Ask): Promise<boolean> {
  await connection.writeAll(answerTo(ask));
  return ask.form === "close" ? endBy(connection, "fin") : true;
}

const well: UpstreamAct = async (connection, ask) => {
  await readWhole(connection, ask);
  return answer(connection, ask);
};

/** Connections that have said something which nobody asked for. */
const tainted = new WeakSet<UpstreamConnection>();

/** An answer that says where it ends, in one packet. */
function framed({ size, form }: Ask): Pick<Ask, "size" | "form"> {
  return { size: Math.min(size, 1000), form: form === "close" ? "chunked" : form };
}

/** By name, as targets have them. Those that are called something else are answered well. */
const acts: Readonly<Record<string, UpstreamAct>> = {
  well,
  async slow(connection, ask) {
    await readWhole(connection, ask);
    await pause(ask.ms);
    return answer(connection, ask);
  },
  async cut(connection, ask) {
    await readWhole(connection, ask);
    const whole = answerTo(ask);
    await connection.writeAll(whole.subarray(0, Math.floor((whole.length * ask.at) / 100)));
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  async drips(connection, ask) {
    await readWhole(connection, ask);
    const whole = answerTo({ ...ask, ...framed({ ...ask, size: Math.min(ask.size, 100) }) });
    const length = Math.max(2, ask.at);
    for (let at = 0; at < whole.length; at += length) {
      connection.write(whole.subarray(at, at + length));
      await pause(1);
    }
    return true;
  },
  /** Answers before the body, and reads it all the same. */
  async early(connection, ask) {
    await connection.writeAll(answerTo({ ...ask, ...framed(ask) }));
    await readWhole(connection, ask);
    return true;
  },
  /** Answers before the body, and leaves with bytes unread. */
  async "early-end"(connection, ask) {
    await connection.writeAll(answerTo(ask));
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  /** Reads a part of the body, and answers then. */
  async "half-read"(connection, ask) {
    await connection.readSome();
    if (ask.at > 50) await connection.writeAll(answerTo(ask));
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  async "never-reading"(connection, ask) {
    connection.stopReading();
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  async surplus(connection, ask) {
    await readWhole(connection, ask);
    connection.write(Buffer.concat([answerTo({ ...ask, ...framed(ask) }), latin1(poison)]));
    return true;
  },
  async "late-surplus"(connection, ask) {
    await well(connection, { ...ask, ...framed(ask) });
    await pause(ask.ms);
    tainted.add(connection);
    connection.write(latePoison);
    return true;
  },
  /** Closes while it is idle, or while the next request is on its way. */
  async "end-on-idle"(connection, ask) {
    await well(connection, { ...ask, ...framed(ask) });
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  async interim(connection, ask) {
    await readWhole(connection, ask);
    for (let n = 0; n < ask.size % 20; n += 1) {
      connection.write(`HTTP/1.1 ${ask.at > 50 ? "103 Early Hints" : "100 Continue"}\r\nX-Interim: ${ask.id}\r\n\r\n`);
    }
    return answer(connection, ask);
  },
  /** Interim answers for as long as anybody takes them. */
  async flood(connection, ask) {
    await readWhole(connection, ask);
    const many = latin1("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(50));
    for (let n = 0; n < 200; n += 1) if (!(await connection.writeAll(many))) break;
    return endBy(connection, ask.by);
  },
  async broken(connection, ask) {
    await readWhole(connection, ask);
    connection.write(brokenHeads[ask.size % brokenHeads.length] ?? "");
    await pause(ask.ms);
    return endBy(connection, ask.by);
  },
  async silent(connection, ask) {
    await readWhole(connection, ask);
    return false;
  },
  "end-at-once": (connection, ask) => endBy(connection, ask.by),
  /** Leaves the gateway to wait in the middle of a body. */
  async stall(connection, ask) {
    await readWhole(connection, ask);
    const whole = answerTo({ ...ask, size: ask.size + 10 });
    await connection.writeAll(whole.subarray(0, whole.length - 5));
    return false;
  },
  ...tunnelActs,
};

/** Acts that keep everybody waiting until a timer runs out: seldom, or a run would be spent on them. */
const idle = new Set(["silent", "stall", "never-reading"]);

export const actNames: ReadonlyArray<{ readonly name: string; readonly weight: number }> = Object.keys(acts)
  .filter((name) => !(name in tunnelActs))
  .map((name) => ({ name, weight: idle.has(name) ? 0.15 : 1 }));

/** One connection in this many is spoken to before it has asked anything. */
const greetsEvery = 60;

/** Plays on each connection what its requests ask for. */
export async function playUpstream(connection: UpstreamConnection): Promise<void> {
  if (connection.index % greetsEvery === greetsEvery - 1) {
    tainted.add(connection);
    connection.write(latePoison);
  }
  for (;;) {
    const ask = askOf(await connection.readHead(), tainted.has(connection));
    assert.ok(!ask.head.target.startsWith("/smuggled"), "nothing within a body is a request");
    if (!(await (acts[ask.name] ?? well)(connection, ask))) return;
  }
}
