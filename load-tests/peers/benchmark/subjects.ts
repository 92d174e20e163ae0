import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Subject, SubjectKind } from "./subject.ts";

import { UsageFault } from "../../runner/arguments.ts";
import { commitOf } from "./checkout.ts";
import { installedVersion } from "./packages.ts";
import { haproxySubject, nginxLuaSubject, nginxSubject } from "./program-subjects.ts";
import { ProxyProcess } from "./proxy-process.ts";

const root = join(import.meta.dirname, "../../..");
const peersFolder = join(import.meta.dirname, "..");

/** The gateway of a checkout, with load-tests/peers/gateway.yaml of this one. */
function gatewaySubject(name: string, folder: string): Subject {
  return {
    name,
    kind: "gateway",
    setting: "access log, metrics, shedding, breaker, concurrency and rate limits, validation",
    isPackage: false,
    version: () => commitOf(folder) ?? "unknown commit",
    unmet: () => undefined,
    start: (place) =>
      ProxyProcess.start({
        program: process.execPath,
        args: [join(folder, "gateway/main.ts"), "start", "--config", join(peersFolder, "gateway.yaml")],
        environment: { UPSTREAM: `http://127.0.0.1:${place.servicePort}` },
        folder: place.folder,
      }),
  };
}

/** An npm proxy without a log or a check: `script` of load-tests/peers, with `args` before the upstream's URL. */
function packageSubject(name: SubjectKind, packageName: string, script: readonly string[]): Subject {
  const [file = "", ...args] = script;
  return {
    name,
    kind: name,
    setting: "bare",
    isPackage: true,
    version: () => installedVersion(packageName) ?? "not installed",
    unmet: () =>
      installedVersion(packageName) === undefined ? "not installed: npm ci in load-tests/peers" : undefined,
    start: (place) =>
      ProxyProcess.start({
        program: process.execPath,
        args: [join(peersFolder, file), ...args, `http://127.0.0.1:${place.servicePort}`],
        folder: place.folder,
      }),
  };
}

/** All subjects, in the order of tables. */
export const subjects: readonly Subject[] = [
  gatewaySubject("gateway", root),
  packageSubject("http-proxy", "http-proxy-original", ["npm-http-proxy.mjs", "http-proxy-original"]),
  packageSubject("http-proxy-3", "http-proxy-3", ["npm-http-proxy.mjs", "http-proxy-3"]),
  packageSubject("@fastify/http-proxy", "@fastify/http-proxy", ["fastify-http-proxy.mjs"]),
  nginxSubject,
  nginxLuaSubject,
  haproxySubject,
];

/** The gateway of another checkout, named by its commit. Throws UsageFault if there is none. */
export function gatewayOf(directory: string): Subject {
  const folder = resolve(directory);
  if (!existsSync(join(folder, "gateway/main.ts"))) {
    throw new UsageFault(`--against ${directory}: there is no gateway/main.ts in it`);
  }
  if (!existsSync(join(folder, "node_modules"))) {
    throw new UsageFault(`--against ${directory}: its packages are not installed; run npm ci there first`);
  }
  return gatewaySubject(`gateway@${commitOf(folder) ?? "unknown"}`, folder);
}
