import assert from "node:assert/strict";

import { handshake, switching } from "../../support/websocket.ts";
import { journey } from "./journey.ts";

/** An upstream whose 101 is changed on its way out. */
function disagreed(name: string, change: (head: string) => string) {
  return journey("upgrade_invalid", name, async (stage) => {
    const upstream = await stage.front(
      async (connection) => {
        const head = switching(await connection.readRequest());
        assert.notEqual(change(head), head);
        connection.write(change(head));
      },
      { route: { websocket: true } },
    );
    const { access } = await stage.fails({ code: "upgrade_invalid", phase: "headers", close: true }, handshake());
    assert.equal(access["status"], 502);
    await (
      await upstream.connection(1)
    ).ended;
  });
}

export const invalidUpgrade = [
  disagreed("the answer to another key", (head) => head.replace(/Accept: .*/, "Accept: c29tZXRoaW5nIGVsc2U=")),
  disagreed("no answer to the key", (head) => head.replace(/Sec-WebSocket-Accept: .*\r\n/, "")),
  disagreed("no Upgrade field", (head) => head.replace(/Upgrade: .*\r\n/, "")),
  disagreed("another protocol", (head) => head.replace("Upgrade: websocket", "Upgrade: h2c")),
  disagreed("a Connection field that does not say Upgrade", (head) =>
    head.replace("Connection: Upgrade", "Connection: close"),
  ),
  disagreed("HTTP/1.0", (head) => head.replace("HTTP/1.1", "HTTP/1.0")),
];
