import type { Socket } from "node:net";

import { Client } from "undici";

import type { Clock } from "../clock.ts";
import type { Endpoint } from "./connect.ts";

import { openConnection, originOf } from "./connect.ts";

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

/** Most that is read of a probe's answer. Bytes. */
const maxBodyBytes = 65_536;

/**
 * Asks a target how it is, on a connection of its own, so that it holds no permit and does not take the word of one
 * that was opened long ago. Resolves with undefined for 2xx, else with what is wrong: `timeout`, `status_503`, or the
 * code or name of the error. Never rejects. `signal` gives it up.
 */
export async function probe(options: ProbeOptions, signal: AbortSignal): Promise<string | undefined> {
  const { endpoint, host, path, clock } = options;
  const overtime = new AbortController();
  const timer = clock.setTimeout((it) => it.abort(), options.timeoutMs, overtime);
  let socket: Socket | undefined;
  const client = new Client(originOf(endpoint), {
    allowH2: false,
    connect: (_options, callback) => {
      socket = openConnection(endpoint, {
        phase: () => {},
        connected: (connected) => callback(null, connected),
        failed: (error) => callback(error, null),
      });
    },
    maxHeaderSize: 16_384,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const giveUp = (): void => overtime.abort();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const { statusCode, body } = await client.request({
      method: "GET",
      path,
      headers: ["host", host, "user-agent", "statuswise-health", "accept", "*/*"],
      reset: true,
      signal: overtime.signal,
    });
    await body.dump({ limit: maxBodyBytes, signal: overtime.signal });
    return statusCode >= 200 && statusCode < 300 ? undefined : `status_${statusCode}`;
  } catch (error) {
    return overtime.signal.aborted ? "timeout" : codeOf(error);
  } finally {
    signal.removeEventListener("abort", giveUp);
    clock.clearTimeout(timer);
    socket?.destroy();
    void client.destroy();
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
