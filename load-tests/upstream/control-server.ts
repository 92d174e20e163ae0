import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { createServer } from "node:http";
import { json } from "node:stream/consumers";

import type { Control, Counters } from "./service.ts";

/** What the control server needs to know of a service. */
export interface ControlledService {
  readonly received: number;
  readonly counters: Counters;
  control(change: Control): Promise<void>;
}

/** Where the driver tells the service how to behave, and asks what it has counted. Only the driver knows this port. */
export function createControlServer(service: ControlledService): Server {
  return createServer((req, res) => {
    reply(req, service).then(
      (value) => send(res, 200, value),
      (error: unknown) => send(res, 500, { error: String(error) }),
    );
  });
}

async function reply(req: IncomingMessage, service: ControlledService): Promise<unknown> {
  switch (`${req.method} ${req.url}`) {
    case "PUT /control":
      await service.control((await json(req)) as Control);
      return {};
    case "GET /counters":
      return service.counters;
    case "GET /received":
      return service.received;
    default:
      throw new Error(`no such request: ${req.method} ${req.url}`);
  }
}

function send(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}
