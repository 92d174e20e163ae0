import assert from "node:assert/strict";

import type { RecordedRequest } from "../support/http-message.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import type { ReadRequest } from "./strict-request.ts";

import { valueOf } from "../support/http-message.ts";
import { connectClient } from "../support/raw-client.ts";
import { seeded } from "../support/seeded.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";
import { inPieces, mutant } from "./request-mutants.ts";
import { readRequests, sha256 } from "./strict-request.ts";

export interface FuzzFigures {
  readonly seed: number;
  readonly cases: number;
  /** Cases of which at least one request was forwarded. */
  readonly forwardedCases: number;
  readonly forwardedRequests: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Cases on one gateway, before it is asked whether all is well and gives way to a fresh one. */
const perStage = 500;
const hangMs = 8000;

/** Names of a request's sight, for comparing: what the client's bytes are, what the upstream read, what was answered. */
const seen = ({ method, target, bodyHash }: ReadRequest): string => `${method}|${target}|${bodyHash}`;
const read = ({ method, target, body }: RecordedRequest): string => `${method}|${target}|${sha256(body)}`;

/**
 * Sends mutated request streams, each on a connection of its own. Whatever the upstream read must be what the client's
 * bytes are by a reading of our own, in their order and nothing else; and what the gateway logged as forwarded, and what
 * the client was answered, must be the same. Nothing is a 500, nothing hangs.
 */
export async function fuzzRequests({ cases, seed }: { readonly cases: number; readonly seed: number }) {
  const chance = seeded(seed);
  const statuses: Record<string, number> = {};
  let forwardedCases = 0;
  let forwardedRequests = 0;
  for (let done = 0; done < cases; done += perStage) {
    await using stage = new Stage();
    const upstream = await stage.front(
      answering(
        (request) => `HTTP/1.1 204 No Content\r\nX-Seen: ${Buffer.from(read(request)).toString("base64url")}\r\n\r\n`,
      ),
    );
    for (let n = done; n < Math.min(cases, done + perStage); n += 1) {
      const count = await playCase({
        stage,
        upstream,
        statuses,
        pieces: inPieces(mutant(chance), chance),
        label: `case ${n} of seed ${seed}`,
      });
      forwardedRequests += count;
      if (count > 0) forwardedCases += 1;
    }
    await assertWell(stage, upstream);
  }
  const figures: FuzzFigures = { seed, cases, forwardedCases, forwardedRequests, statuses };
  return figures;
}

interface Case {
  readonly stage: Stage;
  readonly upstream: RawUpstream;
  readonly statuses: Record<string, number>;
  /** The stream as it is written, piece by piece. */
  readonly pieces: readonly Buffer[];
  readonly label: string;
}

/** Resolves with how many requests were forwarded. */
async function playCase({ stage, upstream, statuses, pieces, label }: Case): Promise<number> {
  const known = upstream.requests.length;
  const context = `${label}: ${JSON.stringify(pieces.map((piece) => piece.toString("latin1")))}`;
  const received = await sendAll(stage.gateway.port, pieces, context);
  const forwarded = upstream.requests.slice(known).map(read);
  assertSubsequence(forwarded, readRequests(Buffer.concat(pieces)).map(seen), context);
  const answered = [...received.matchAll(/^x-seen: (\S+)\r$/gim)].map(([, said = ""]) =>
    Buffer.from(said, "base64url").toString(),
  );
  assert.deepEqual(answered, forwarded, `what was answered is what was asked; ${context}`);
  for (const [, status = ""] of received.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)) {
    assert.notEqual(status, "500", context);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return forwarded.length;
}

/** Everything sent and the client's FIN behind it: the gateway then has all it will ever get, and must come to an end. */
async function sendAll(port: number, pieces: readonly Buffer[], context: string): Promise<string> {
  using client = await connectClient(port);
  for (const piece of pieces) {
    client.send(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.fin();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`hangs; ${context}`)), hangMs);
  await Promise.race([client.ended, promise]).finally(() => clearTimeout(timer));
  return client.received.toString("latin1");
}

function assertSubsequence(forwarded: readonly string[], sent: readonly string[], context: string): void {
  let at = 0;
  for (const request of forwarded) {
    at = sent.indexOf(request, at) + 1;
    assert.ok(at > 0, `forwarded ${request}, which was not sent (${sent.join(" & ")}); ${context}`);
  }
}

/** The log tells the same story as the upstream, nothing is left over, and the next request is served. */
async function assertWell(stage: Stage, upstream: RawUpstream): Promise<void> {
  await stage.gateway.settled();
  const lines = stage.gateway.log.lines.filter((line) => line["event"] === "request");
  const logged = lines.filter((line) => line["source"] === "upstream");
  const story = logged.map((line) => [line["requestId"], line["method"], line["path"], line["bytesIn"]]);
  const truth = upstream.requests.map(({ fields, method, target, body }) => {
    const path = target.split("?", 1)[0] ?? "";
    return [
      valueOf(fields, "x-request-id"),
      method,
      path.length > 1024 ? `${path.slice(0, 1024)}…` : path,
      body.length,
    ];
  });
  assert.deepEqual(sorted(story), sorted(truth), "what was logged as forwarded is what the upstream read");
  for (const line of stage.gateway.log.lines) assert.notEqual(line["code"], "internal", JSON.stringify(line));
  for (const { unreadBytes } of upstream.connections) assert.equal(unreadBytes, 0);
  const { inFlight, busy } = await stage.gateway.load();
  assert.deepEqual([inFlight, busy], [0, 0]);
  const after = await stage.ask();
  assert.equal(after.status, 204, after.body.toString());
}

function sorted(rows: readonly unknown[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted((a, b) => (a < b ? -1 : 1));
}
