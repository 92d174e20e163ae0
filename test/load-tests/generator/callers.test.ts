import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";

import { Callers, countOf } from "../../../load-tests/generator/callers.ts";

const request = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

interface Running extends AsyncDisposable {
  readonly port: number;
}

async function serve(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<Running> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("callers", () => {
  test("that ask at once have one answer each, all of them under way together", async () => {
    const waiting: ServerResponse[] = [];
    await using server = await serve((_req, res) => {
      waiting.push(res);
      if (waiting.length < 40) return;
      for (const [place, one] of waiting.splice(0).entries()) one.writeHead(place < 3 ? 503 : 200).end("answer");
    });
    using callers = await Callers.connect({ port: server.port, request, count: 40 });
    const answers = await callers.askAtOnce();
    assert.deepEqual([countOf(answers, 200), countOf(answers, 503), answers.broken], [37, 3, 0]);
    assert.equal(countOf(await callers.askAtOnce(), 200), 37, "again, on the same connections");
  });

  test("that ask in turn ask again until the time is over, each with one request under way", async () => {
    const underWay = new Map<unknown, number>();
    let most = 0;
    await using server = await serve((req, res) => {
      const now = (underWay.get(req.socket) ?? 0) + 1;
      underWay.set(req.socket, now);
      most = Math.max(most, now);
      res.end("answer", () => underWay.set(req.socket, (underWay.get(req.socket) ?? 0) - 1));
    });
    using callers = await Callers.connect({ port: server.port, request, count: 3 });
    const answers = await callers.askInTurn(0.1);
    assert.ok(countOf(answers, 200) >= 6);
    assert.ok(answers.seconds >= 0.1);
    assert.deepEqual([underWay.size, most], [3, 1]);
  });

  test("tell of connections that close before the answer, then and whenever they would ask again", async () => {
    await using server = await serve((req) => req.socket.destroy());
    using callers = await Callers.connect({ port: server.port, request, count: 2 });
    assert.equal((await callers.askAtOnce()).broken, 2);
    assert.equal((await callers.askAtOnce()).broken, 2);
  });

  test("are not there where nobody listens", async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    await assert.rejects(Callers.connect({ port: server.port, request, count: 2 }), /ECONNREFUSED/);
  });
});
