import type { RunningSubject, Subject } from "../scenario.ts";

import { join } from "node:path";

import { startChild } from "./child.ts";

/** Bare http-proxy, in front of the first service alone. */
export const bareHttpProxy: Subject = {
  name: "http-proxy",
  setting: "as it comes",
  start: ([servicePort]) => start(servicePort),
};

async function start(servicePort = 0): Promise<RunningSubject> {
  const script = join(import.meta.dirname, "http-proxy.ts");
  const child = await startChild("http-proxy", [script, `http://127.0.0.1:${servicePort}`]);
  return { port: child.port, adminPort: undefined, pid: child.pid, [Symbol.asyncDispose]: () => child.stop() };
}
