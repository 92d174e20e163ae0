import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { once } from "node:events";
import { createServer } from "node:http";

import type { Ending, Visitor } from "./job.ts";
import type { Control, Counters, Service } from "./service.ts";

import { seededRandom } from "../generator/random.ts";
import { Simulator } from "./simulator.ts";

/**
 * Below the ports that systems give to outgoing connections: while the service refuses, none of those may take its
 * port, and none may by chance connect to itself.
 */
const ports = { from: 20_000, to: 32_000 };
const portTries = 100;

/** The simulated service on a port of 127.0.0.1. It keeps its port for its whole life. */
export class ServiceServer {
  readonly #simulator: Simulator;
  readonly #server: Server;
  readonly #body: Buffer;
  readonly #head: readonly string[];
  #connections = 0;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  port = 0;

  constructor(service: Service, seed: number) {
    this.#simulator = new Simulator(service, seededRandom(seed));
    this.#body = bodyOf(service.bodyBytes ?? 300);
    this.#head = ["Content-Type", "application/json", "Content-Length", String(this.#body.length)];
    // Nothing but the gateway's own timers is to be seen at work.
    const patience = { keepAliveTimeout: 75_000, requestTimeout: 0, headersTimeout: 0 };
    this.#server = createServer({ ...patience, noDelay: true }, (req, res) => this.#meet(req, res));
    this.#server.on("connection", (socket) => {
      this.#connections += 1;
      socket.once("close", () => (this.#connections -= 1));
    });
  }

  get received(): number {
    return this.#simulator.received;
  }

  get counters(): Counters {
    this.#simulator.advance(performance.now());
    return this.#simulator.counters(this.#connections);
  }

  async listen(): Promise<void> {
    for (let tries = 0; tries < portTries; tries += 1) {
      const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
      if (await this.#listenOn(port)) {
        this.port = port;
        return;
      }
    }
    throw new Error(`none of ${portTries} ports from ${ports.from} to ${ports.to} is free`);
  }

  async control(change: Control): Promise<void> {
    this.#simulator.control(change, performance.now());
    this.#wake();
    if (this.#simulator.fault === "refuse") await this.#refuse();
    else if (!this.#server.listening && !(await this.#listenOn(this.port)))
      throw new Error(`port ${this.port} was taken while the service refused`);
  }

  async #listenOn(port: number): Promise<boolean> {
    this.#server.listen(port, "127.0.0.1");
    try {
      await once(this.#server, "listening");
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
      throw error;
    }
  }

  async #refuse(): Promise<void> {
    if (!this.#server.listening) return;
    this.#simulator.die(performance.now());
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #meet(req: IncomingMessage, res: ServerResponse): void {
    if (req.method === "GET") {
      this.#admit(req, res);
      return;
    }
    req.resume();
    req.once("end", () => this.#admit(req, res));
  }

  #admit(req: IncomingMessage, res: ServerResponse): void {
    const visitor: Visitor = { method: req.method ?? "", end: (ending) => this.#end(res, ending) };
    const job = this.#simulator.arrive(visitor, performance.now());
    if (job.state !== "over") {
      res.once("close", () => {
        this.#simulator.leave(job, performance.now());
        this.#wake();
      });
    }
    this.#wake();
  }

  #end(res: ServerResponse, ending: Ending): void {
    switch (ending.kind) {
      case "answer":
        res.writeHead(200, [...this.#head]).end(this.#body);
        return;
      case "half-body":
        res.writeHead(200, [...this.#head]).write(this.#half, () => res.destroy());
        return;
      case "status":
        res.writeHead(ending.status, [...this.#head]).end(this.#body);
        return;
      case "reset":
        res.socket?.resetAndDestroy();
    }
  }

  get #half(): Buffer {
    return this.#body.subarray(0, Math.floor(this.#body.length / 2));
  }

  /** One timer, for whatever is due first. It fires up to a millisecond late; the simulator does not mind. */
  #wake(): void {
    const { nextAt } = this.#simulator;
    if (nextAt === this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = nextAt;
    if (nextAt === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(nextAt - performance.now())));
  }

  readonly #onTimer = (): void => {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#simulator.advance(performance.now());
    this.#wake();
  };
}

/** JSON of this length, or nothing where there is no room for its frame. */
function bodyOf(length: number): Buffer {
  const frame = '{"note":""}';
  return Buffer.from(length < frame.length ? "0".repeat(length) : `{"note":"${"x".repeat(length - frame.length)}"}`);
}
