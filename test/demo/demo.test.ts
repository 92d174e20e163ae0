import type { ChildProcess } from "node:child_process";

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";

import type { Stop } from "../../gateway/demo/tour.ts";

import { curlOf, statusOf, tour } from "../../gateway/demo/tour.ts";
import { root } from "../architecture/source.ts";

interface Listening {
  readonly port: number;
  readonly adminPort: number;
}

function startDemo(environment: Record<string, string>): ChildProcess {
  const env = { ...process.env, ...environment };
  return spawn(process.execPath, [join(root, "gateway/main.ts"), "demo"], { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** The demo's ports; what it prints until then and afterwards is gathered in `printed`. */
async function listening(demo: ChildProcess, printed: string[]): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<Listening>();
  assert.ok(demo.stdout !== null);
  createInterface({ input: demo.stdout }).on("line", (line) => {
    printed.push(line);
    if (line.includes('"event":"listening"')) resolve(JSON.parse(line) as Listening);
  });
  demo.once("exit", () => reject(new Error("the demo ended before it listened")));
  return promise;
}

describe("the demo", { timeout: 60_000 }, () => {
  const printed: string[] = [];
  let demo: ChildProcess;
  let origin: string;
  before(async () => {
    demo = startDemo({ PORT: "0", ADMIN_PORT: "0" });
    const { port } = await listening(demo, printed);
    origin = `http://127.0.0.1:${port}`;
  });
  after(() => demo.kill("SIGKILL"));

  async function send(stop: Stop): Promise<Response> {
    const headers = stop.contentType === undefined ? {} : { "Content-Type": stop.contentType };
    const request = { method: stop.method, headers, ...(stop.body === undefined ? {} : { body: stop.body }) };
    for (let tries = 0; tries < (stop.afterTries ?? 0); tries += 1) await (await fetch(origin + stop.target)).text();
    return fetch(origin + stop.target, request);
  }

  for (const stop of tour.flatMap((part) => part.stops)) {
    test(`${stop.about}: ${statusOf(stop)} ${typeof stop.expect === "number" ? "by the API" : stop.expect}`, async () => {
      const response = await send(stop);
      if (stop.expect === "upstream_incomplete") {
        assert.equal(response.status, 200);
        await assert.rejects(response.text());
        return;
      }
      assert.equal(String(response.status), statusOf(stop));
      const proxyStatus = response.headers.get("Proxy-Status") ?? "";
      if (typeof stop.expect === "number") {
        assert.match(proxyStatus, new RegExp(`\\bdemo;received-status=${stop.expect}$`));
        await response.text();
      } else {
        assert.match(proxyStatus, /\bdemo;error=/);
        assert.equal(((await response.json()) as { code: string }).code, stop.expect);
      }
    });
  }

  test("a bad order is told which member is wrong", async () => {
    const bad = tour.flatMap((part) => part.stops).find((stop) => stop.expect === "invalid_body");
    assert.ok(bad !== undefined);
    const { errors } = (await (await send(bad)).json()) as { errors: ReadonlyArray<{ pointer: string }> };
    assert.deepEqual(
      errors.map((error) => error.pointer),
      ["#/lines/0/quantity"],
    );
  });

  test("it prints the line to try each", () => {
    for (const stop of tour.flatMap((part) => part.stops)) {
      assert.ok(
        printed.some((line) => line.trim() === curlOf(stop, origin)),
        curlOf(stop, origin),
      );
    }
  });

  test("a port in use is one clear line and exit code 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const second = startDemo({ PORT: String(port), ADMIN_PORT: "0" });
    assert.ok(second.stderr !== null);
    const [complaint, [code]] = await Promise.all([text(second.stderr), once(second, "exit")]);
    taken.close();
    assert.match(complaint, new RegExp(`^statuswise demo: 127\\.0\\.0\\.1:${port} is in use[^\\n]*\\n$`));
    assert.equal(code, 1);
  });

  test("SIGTERM ends it at once, and well", async () => {
    const exited = once(demo, "exit");
    demo.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });
});
