import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";

import { peers } from "../../load-tests/peers/peers.ts";
import { unmetProgram } from "../../load-tests/peers/program.ts";
import { render } from "../../load-tests/peers/template.ts";

const directory = join(import.meta.dirname, "../../load-tests/peers");
const values = { port: 8001, servicePort: 8002, dir: "/scratch" };

suite("the configs of peers", () => {
  for (const file of ["nginx.conf", "nginx-limit-conn.conf", "haproxy.cfg"]) {
    test(`${file} is rendered without a place left`, () => {
      const text = render(readFileSync(join(directory, file), "utf8"), values);
      assert.match(text, /127\.0\.0\.1:8001/);
      assert.match(text, /127\.0\.0\.1:8002/);
      assert.doesNotMatch(text, /\{\{|\}\}/);
    });
  }

  test("a place without a value is an error", () => {
    assert.throws(() => render("listen {{port}} {{host}}", { port: 1 }), /asks for host/);
  });

  test("a value is put in as it is, with whatever it holds", () => {
    assert.equal(render("{{dir}}/a {{dir}}", { dir: "$&" }), "$&/a $&");
  });
});

suite("a program that is not there", () => {
  test("says so, and how to get it", () => {
    const reason = unmetProgram({ name: "no-such-proxy", versionFlag: "-v" });
    assert.equal(reason, "no-such-proxy is not installed (on Debian: apt-get install no-such-proxy)");
  });
});

suite("peers", () => {
  test("have names of their own", () => {
    assert.equal(new Set(peers.map(({ name }) => name)).size, peers.length);
  });

  for (const peer of peers) {
    const reason = peer.unmet?.();
    test(`${peer.name} starts, forwards and stops`, { skip: reason ?? false, timeout: 15_000 }, async () => {
      const service = createServer((_req, res) => res.end("served")).listen(0, "127.0.0.1");
      await once(service, "listening");
      try {
        const address = service.address() as AddressInfo;
        let port: number;
        {
          await using running = await peer.start([address.port], undefined);
          ({ port } = running);
          const answer = await fetch(`http://127.0.0.1:${port}/`);
          assert.equal(answer.status, 200);
          assert.equal(await answer.text(), "served");
        }
        await assert.rejects(fetch(`http://127.0.0.1:${port}/`), "it has stopped");
      } finally {
        service.closeAllConnections();
        service.close();
      }
    });
  }
});
