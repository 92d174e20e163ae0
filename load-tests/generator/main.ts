import { lookup } from "node:dns/promises";

import type { Address } from "./connection.ts";
import type { Order, Report } from "./message.ts";
import type { LoadPlan } from "./plan.ts";

import { OpenLoop } from "./open-loop.ts";

// The process of its own that the load needs: whoever drives it must not make it late. Driven by messages alone.
process.once("disconnect", () => process.exit(1));
process.once("message", (order: Order) => void work(order.plan));

async function work(plan: LoadPlan): Promise<void> {
  try {
    const loop = new OpenLoop(plan, await addressesOf(plan), {
      onPhase: (begun, atMs) => send({ begun, atMs }),
      onBucket: (bucket) => send({ bucket }),
    });
    send({ result: await loop.run() });
  } catch (error) {
    send({ failed: error instanceof Error ? error.message : String(error) });
  }
}

/** Looked up once: a resolver's time is not to be measured. */
async function addressesOf({ host = "127.0.0.1", ports }: LoadPlan): Promise<readonly [Address, ...Address[]]> {
  const { address } = await lookup(host, { order: "ipv4first" });
  const [first, ...others] = ports.map((port) => ({ host: address, port }));
  if (first === undefined) throw new Error("a plan needs a port to ask");
  return [first, ...others];
}

function send(report: Report): void {
  process.send?.(report);
}
