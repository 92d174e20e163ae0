import type { UpstreamConnection } from "../../support/raw-upstream.ts";
import type { UpstreamAct } from "./upstream-act.ts";
import type { Ask } from "./upstream-answers.ts";

import { switching } from "../../support/websocket.ts";
import { endBy, pause } from "./upstream-act.ts";
import { answerTo } from "./upstream-answers.ts";

/** Longer than a tunnel may be silent. */
const sleepMs = 1500;

/** A handshake is told by its Upgrade; what is no handshake (any more) is answered as any request. */
function tunnelAct(play: UpstreamAct): UpstreamAct {
  return async (connection, ask) => {
    if (ask.head.fields.some(([name]) => name.toLowerCase() === "upgrade")) return play(connection, ask);
    await connection.readBody(ask.head, () => undefined);
    await connection.writeAll(answerTo(ask));
    return ask.form === "close" ? endBy(connection, "fin") : true;
  };
}

function agree(connection: UpstreamConnection, { head }: Ask, more = ""): void {
  connection.write(switching({ ...head, body: Buffer.alloc(0) }) + more);
}

async function echo(connection: UpstreamConnection): Promise<false> {
  for (let bytes = await connection.readSome(); bytes !== undefined; bytes = await connection.readSome()) {
    if (!(await connection.writeAll(bytes))) return false;
  }
  connection.fin();
  return false;
}

/** What an upstream may do with a handshake, by name. */
export const tunnelActs: Readonly<Record<string, UpstreamAct>> = {
  echo: tunnelAct((connection, ask) => {
    agree(connection, ask);
    return echo(connection);
  }),
  "slow-echo": tunnelAct(async (connection, ask) => {
    await pause(ask.ms);
    agree(connection, ask);
    return echo(connection);
  }),
  "agree-and-end": tunnelAct(async (connection, ask) => {
    agree(connection, ask, "last words");
    await pause(ask.ms);
    return endBy(connection, ask.by);
  }),
  "agree-and-flood": tunnelAct(async (connection, ask) => {
    agree(connection, ask);
    const many = Buffer.alloc(16_384, "flood");
    for (let n = 0; n < 40; n += 1) if (!(await connection.writeAll(many))) break;
    return endBy(connection, ask.by);
  }),
  "agree-and-sleep": tunnelAct(async (connection, ask) => {
    agree(connection, ask);
    connection.stopReading();
    await pause(sleepMs);
    return endBy(connection, "destroy");
  }),
  "agree-badly": tunnelAct((connection, ask) => {
    const [accept, protocol] = ask.at > 50 ? ["bad", "websocket"] : ["bad", "other"];
    connection.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n`);
    connection.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    return false;
  }),
  "refuse-handshake": tunnelAct(async (connection, ask) => {
    await connection.writeAll(answerTo({ ...ask, form: ask.form === "close" ? "length" : ask.form }));
    return ask.at > 50 ? true : endBy(connection, ask.by);
  }),
  "cut-handshake": tunnelAct(async (connection, ask) => {
    const text = switching({ ...ask.head, body: Buffer.alloc(0) });
    connection.write(text.slice(0, Math.floor((text.length * ask.at) / 100)));
    await pause(ask.ms);
    return endBy(connection, ask.by);
  }),
  "wait-with-handshake": tunnelAct(() => false),
};
