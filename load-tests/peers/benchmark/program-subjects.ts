import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Program } from "../program.ts";
import type { Place, Subject, SubjectKind } from "./subject.ts";

import { freePort } from "../free-port.ts";
import { haproxy, nginx, versionOf } from "../program.ts";
import { render } from "../template.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { Unmet } from "./subject.ts";

interface ProgramSubject {
  readonly name: SubjectKind;
  readonly program: Program;
  readonly setting: string;
  /** What to install on Debian. */
  readonly packages: string;
  /** Text of the config. */
  readonly config: (place: Place, port: number) => Promise<string>;
  readonly args: (configFile: string) => readonly string[];
  /** What the program writes if a part of it is not installed. */
  readonly missing?: RegExp;
}

/** A program of the system: its config is rendered into a folder of its own, and it runs in the foreground. */
function programSubject(one: ProgramSubject): Subject {
  const { name, program, setting, packages } = one;
  return {
    name,
    kind: name,
    setting,
    isPackage: false,
    version: () => versionOf(program) ?? "not installed",
    unmet: () => (versionOf(program) === undefined ? `not installed: apt-get install ${packages}` : undefined),
    start: (place) => start(one, place),
  };
}

async function start(one: ProgramSubject, place: Place): Promise<ProxyProcess> {
  const port = await freePort();
  const file = join(place.folder, "proxy.conf");
  await chmod(place.folder, 0o755); // NGINX's workers may run as another user than their master
  await writeFile(file, await one.config(place, port));
  try {
    const command = { program: one.program.name, args: one.args(file), port, folder: place.folder };
    return await ProxyProcess.start({ ...command, stopSignal: "SIGTERM" });
  } catch (error) {
    if (one.missing?.test((error as Error).message) !== true) throw error;
    throw new Unmet(`not installed: apt-get install ${one.packages}`, { cause: error });
  }
}

async function templateOf(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, name), "utf8");
}

interface NginxParts {
  readonly modules: string;
  /** Within `http`. */
  readonly scripts: string;
  /** Within `server`. */
  readonly locations: string;
}

const plain: NginxParts = { modules: "", scripts: "", locations: "" };

async function nginxConfig({ servicePort, folder }: Place, port: number, parts = plain): Promise<string> {
  return render(await templateOf("nginx.conf"), { ...parts, port, servicePort, dir: folder });
}

const nginxArgs = (file: string): readonly string[] => ["-c", file, "-e", "stderr"];

/** Relative to where NGINX is installed. The first is needed by the second. */
const luaModules = ["ndk_http_module", "ngx_http_lua_module"]
  .map((name) => `load_module modules/${name}.so;`)
  .join("\n");

export const nginxSubject: Subject = programSubject({
  name: "nginx",
  program: nginx,
  setting: "JSON log",
  packages: "nginx",
  config: (place, port) => nginxConfig(place, port),
  args: nginxArgs,
});

export const nginxLuaSubject: Subject = programSubject({
  name: "nginx-lua",
  program: nginx,
  setting: "JSON log, JSON check of the POST in Lua",
  packages: "nginx libnginx-mod-http-lua lua-cjson",
  config: async (place, port) => {
    // It fails at the start, not at the first request, if lua-cjson is not installed.
    const scripts = `init_by_lua_block { require "cjson.safe" }`;
    const locations = await templateOf("nginx-lua-check.conf");
    return nginxConfig(place, port, { modules: luaModules, scripts, locations });
  },
  args: nginxArgs,
  missing: /_module\.so|module 'cjson/,
});

export const haproxySubject: Subject = programSubject({
  name: "haproxy",
  program: haproxy,
  setting: "JSON log",
  packages: "haproxy",
  config: async ({ servicePort }, port) => render(await templateOf("haproxy.cfg"), { port, servicePort }),
  args: (file) => ["-db", "-f", file],
});
