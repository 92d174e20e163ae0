import type { AddressInfo } from "node:net";

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Delays } from "./delaying-server.ts";

const main = fileURLToPath(new URL("delaying-server.ts", import.meta.url));

export interface DelayingProcess extends AsyncDisposable {
  readonly port: number;
}

/** A server in a process of its own: what keeps the test busy does not lengthen its delays. */
export async function startDelaying(delays: Delays): Promise<DelayingProcess> {
  const child = fork(main, [JSON.stringify(delays)], { execArgv: [] });
  const exited = once(child, "exit");
  const [{ port }] = (await once(child, "message")) as [AddressInfo];
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
