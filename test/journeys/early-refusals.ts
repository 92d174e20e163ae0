import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { runPython } from "../support/python.ts";
import { RawClient } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { caFile, pairFiles } from "../support/tls-upstream.ts";
import { answering } from "../support/upstream-scripts.ts";
import { inTime } from "../support/within.ts";

/** An upload of 20 MB to a route that takes 1 MiB. */
export interface LongUpload {
  readonly isTls: boolean;
  /** `length`: its head says how long it is, and is refused. `chunked`: it is refused in its course. */
  readonly framing: "length" | "chunked";
}

/** What a client got: the refusal read whole, or what went wrong. */
type Outcome = string;

const script = join(import.meta.dirname, "early-refusals.py");
const uploadBytes = 20_000_000;
const uploadLimitMs = 40_000;
const refusal: Outcome = "413 application/problem+json body_too_large";

/** The gateway that refuses, with its route's default of 1 MiB. */
export class RefusingStage implements AsyncDisposable {
  readonly isTls: boolean;
  readonly #upstream: RawUpstream;
  readonly #gateway: GatewayProcess;

  private constructor(isTls: boolean, upstream: RawUpstream, gateway: GatewayProcess) {
    this.isTls = isTls;
    this.#upstream = upstream;
    this.#gateway = gateway;
  }

  static async open(isTls: boolean): Promise<RefusingStage> {
    const upstream = await startUpstream(answering());
    try {
      const listen = isTls ? { tls: pairFiles("valid") } : {};
      return new RefusingStage(isTls, upstream, await spawnGateway(singleRoute({ target: upstream.url, listen })));
    } catch (error) {
      await upstream[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#gateway.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    await this.#upstream[Symbol.asyncDispose]();
  }
}

/** Uploads of a client that writes everything before it reads anything, one after another. */
export async function uploadRaw(stage: RefusingStage, framing: LongUpload["framing"], times: number): Promise<void> {
  const bytes = uploadOf(framing);
  const outcomes: Outcome[] = [];
  for (let n = 0; n < times; n += 1) {
    outcomes.push(await inTime(uploadLimitMs, "end of an upload", writeAndRead(stage, bytes)));
  }
  assertRefused(outcomes, times);
}

/** The same by a client of Python: requests where it is installed, else http.client. */
export async function uploadByPython(stage: RefusingStage, framing: LongUpload["framing"], times: number) {
  const args = [String(stage.port), stage.isTls ? caFile : "", framing, String(times), String(uploadBytes)];
  const outcomes = JSON.parse(await runPython(script, args, 2 * uploadLimitMs)) as readonly Outcome[];
  assertRefused(outcomes, times);
}

function assertRefused(outcomes: readonly Outcome[], times: number): void {
  assert.deepEqual([...new Set(outcomes)], [refusal]);
  assert.equal(outcomes.length, times);
}

function uploadOf(framing: LongUpload["framing"]): Buffer {
  const fields = framing === "length" ? `Content-Length: ${uploadBytes}` : "Transfer-Encoding: chunked";
  const head = Buffer.from(`POST / HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n`);
  if (framing === "length") return Buffer.concat([head, Buffer.alloc(uploadBytes, "x")]);
  const size = 50_000;
  const chunk = Buffer.from(`${size.toString(16)}\r\n${"x".repeat(size)}\r\n`);
  const chunks = Array.from({ length: uploadBytes / size }, () => chunk);
  return Buffer.concat([head, ...chunks, Buffer.from("0\r\n\r\n")]);
}

async function writeAndRead({ port, isTls }: RefusingStage, bytes: Buffer): Promise<Outcome> {
  const socket = isTls ? await openTls(port) : await openTcp(port);
  try {
    await write(socket, bytes);
    const { status, fields, body, isComplete } = await new RawClient(socket).response();
    if (!isComplete) return `the body ended after ${body.length} bytes`;
    return outcomeOf(status, valueOf(fields, "content-type"), body.toString());
  } catch (error) {
    return String(error);
  } finally {
    socket.destroy();
  }
}

/** Paused before it is connected: the socket's bytes stay with the kernel, where a RST takes them away. */
async function openTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).pause();
  await once(socket, "connect");
  return socket;
}

async function openTls(port: number): Promise<Socket> {
  const socket = connectSecurely({ port, host: "127.0.0.1", servername: "localhost", ca: readFileSync(caFile) });
  await once(socket, "secureConnect");
  return socket.pause();
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  await promise;
}

function outcomeOf(status: number, type: string | undefined, body: string): Outcome {
  const { code } = JSON.parse(body) as { readonly code?: unknown };
  return `${status} ${type} ${String(code)}`;
}
