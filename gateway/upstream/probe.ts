import type { Socket } from "node:net";

import type { Clock } from "../exchange/clock.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { WireRule } from "../http1/rules.ts";
import type { Endpoint } from "./connect.ts";
import type { ResponseConsumer } from "./response-reader.ts";

import { writeRequestHead } from "../http1/write-head.ts";
import { openConnection } from "./connect.ts";
import { ResponseReader } from "./response-reader.ts";

export interface ProbeOptions {
  readonly endpoint: Endpoint;
  /** The Host that is sent. */
  readonly host: string;
  /** The request target. */
  readonly path: string;
  /** Of the whole probe: connection, answer and body. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Most that is read of a probe's answer; what is longer says enough by its status. Bytes. */
const maxHeadBytes = 16_384;
const maxBodyBytes = 65_536;

/**
 * Asks a target how it is, on a connection of its own, so that it holds no permit and does not take the word of one
 * that was opened long ago. Resolves with undefined for 2xx, else with what is wrong: `timeout`, `status_503`, or the
 * code or name of the error. Never rejects. `signal` gives it up.
 */
export function probe(options: ProbeOptions, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => new Probe(options, signal, resolve).start());
}

class Probe implements ResponseConsumer {
  readonly #options: ProbeOptions;
  readonly #signal: AbortSignal;
  readonly #resolve: (finding: string | undefined) => void;
  readonly #reader = new ResponseReader(maxHeadBytes);
  #socket: Socket | undefined;
  #stop: () => void = () => {};
  #finding: string | undefined = "closed";
  #bodyBytes = 0;

  constructor(options: ProbeOptions, signal: AbortSignal, resolve: (finding: string | undefined) => void) {
    this.#options = options;
    this.#signal = signal;
    this.#resolve = resolve;
  }

  start(): void {
    const { clock, timeoutMs, endpoint } = this.#options;
    const giveUp = (): void => this.#settle("timeout");
    const timer = clock.setTimeout(giveUp, timeoutMs, undefined);
    this.#signal.addEventListener("abort", giveUp, { once: true });
    this.#stop = () => {
      clock.clearTimeout(timer);
      this.#signal.removeEventListener("abort", giveUp);
    };
    this.#socket = openConnection(endpoint, {
      phase: () => {},
      connected: (socket) => this.#ask(socket),
      failed: (error) => this.#settle(codeOf(error)),
    });
  }

  interim(): void {}

  head({ status }: ResponseHead): void {
    this.#finding = status >= 200 && status < 300 ? undefined : `status_${status}`;
  }

  data(chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > maxBodyBytes) this.#settle(this.#finding);
  }

  end(): void {
    this.#settle(this.#finding);
  }

  refused(rule: WireRule): void {
    this.#settle(rule);
  }

  #ask(socket: Socket): void {
    const { host, path } = this.#options;
    const fields = ["host", host, "connection", "close", "user-agent", "statuswise-health", "accept", "*/*"];
    this.#reader.begin("GET", this);
    socket.on("data", (chunk: Buffer) => this.#reader.read(chunk));
    socket.on("end", () => this.#settle(this.#reader.endsWithConnection() ? this.#finding : "closed"));
    socket.on("error", (error) => this.#settle(codeOf(error)));
    socket.write(writeRequestHead("GET", path, fields), "latin1");
  }

  #settle(finding: string | undefined): void {
    this.#stop();
    this.#reader.stop();
    this.#socket?.destroy();
    this.#resolve(finding);
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
