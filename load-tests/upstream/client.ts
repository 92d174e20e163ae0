import { join } from "node:path";

import type { ServiceHandle } from "../scenario.ts";
import type { Counters, Service } from "./service.ts";

import { startChild } from "../peers/child.ts";
import { AdminClient } from "../stage/admin-client.ts";

/** A simulated service in its process. Disposing it ends the process. */
export interface RunningService extends ServiceHandle, AsyncDisposable {
  /** `counters().received`, at a fraction of the cost. */
  received(): Promise<number>;
}

const main = join(import.meta.dirname, "main.ts");

/** Resolves when it listens. The seed decides its service times. */
export async function startService(service: Service, seed: number): Promise<RunningService> {
  const child = await startChild("the simulated service", [main, JSON.stringify(service), String(seed)]);
  const client = new AdminClient(Number(child.announced["controlPort"]));
  return {
    port: child.port,
    control: (change) => client.put("/control", change),
    counters: async () => JSON.parse(await client.get("/counters")) as Counters,
    received: async () => Number(await client.get("/received")),
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await child.stop();
    },
  };
}
