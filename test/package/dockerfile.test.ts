import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import type { Image } from "./image.ts";

import { root } from "../architecture/source.ts";
import { execForm, parseDockerfile } from "./dockerfile.ts";
import { buildImage, commandLine, stepEnvironment } from "./image.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const stages = parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8"));

/**
 * No image can be built where these tests run, so the Dockerfile's steps are carried out one by one in an empty folder.
 * That shows that what is copied, installed and started fits together; it does not show the base image, the user's
 * rights inside it, or how a container runtime delivers signals.
 */
describe("the Dockerfile", () => {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-image-"));
  let image: Image;
  before(async () => {
    image = await buildImage(stages, { context: root, folder });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("every stage stands on the slim image of the Node we develop with", () => {
    assert.deepEqual(new Set(stages.map((stage) => stage.image)), new Set(["node:26-slim"]));
  });

  test("the image holds every production dependency, and nothing that is for development alone", () => {
    const installed = (name: string): boolean => existsSync(join(image.root, "app/node_modules", name));
    assert.deepEqual(
      Object.keys(manifest.dependencies).filter((name) => !installed(name)),
      [],
    );
    assert.deepEqual(Object.keys(manifest.devDependencies).filter(installed), []);
    for (const source of ["gateway", "test", "tsconfig.json"]) assert.ok(!existsSync(join(image.root, "app", source)));
  });

  test("it runs as no root and is stopped by SIGTERM", () => {
    assert.equal(image.user, "node");
    assert.equal(image.stopSignal, "SIGTERM");
  });

  test("it starts, is found healthy while it runs and unhealthy afterwards, and drains when told to stop", async () => {
    const { file, args, cwd } = commandLine(image, [...image.entrypoint, ...image.command]);
    const env = { ...stepEnvironment, ...image.environment, PORT: "0", ADMIN_PORT: "0" };
    const gateway = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const listening = await firstEvent(gateway.stdout, "listening");
      assert.equal(listening["host"], "0.0.0.0");
      const response = await fetch(`http://127.0.0.1:${String(listening["adminPort"])}/livez`);
      assert.equal(response.status, 200);

      const check = commandLine(image, image.healthCheck);
      const options = { env: { ...env, ADMIN_PORT: String(listening["adminPort"]) } };
      await promisify(execFile)(check.file, check.args, options);

      const exited = once(gateway, "exit");
      gateway.kill("SIGTERM");
      assert.deepEqual(await exited, [0, null]);
      await assert.rejects(promisify(execFile)(check.file, check.args, options), { code: 1 });
    } finally {
      gateway.kill("SIGKILL");
    }
  });
});

test("a command in shell form is refused", () => {
  assert.throws(() => execForm("node dist/gateway/main.js"));
  assert.deepEqual(execForm('["node", "a.js"]'), ["node", "a.js"]);
});

async function firstEvent(lines: NodeJS.ReadableStream, event: string): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: lines })) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (entry["event"] === event) return entry;
  }
  throw new Error(`ended without event=${event}`);
}
