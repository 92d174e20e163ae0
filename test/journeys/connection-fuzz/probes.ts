import assert from "node:assert/strict";

import type { RawClient } from "../../support/raw-client.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";
import type { Front } from "./config.ts";

import { bufferedMiB, evilPermits } from "./config.ts";
import { headOf, jsonBody } from "./requests.ts";

const mebibyte = 1024 * 1024;
/** A share of a quarter each, should the gateway give one client address no more than that. */
const bodies = 4;
/** What the gateway may hold besides of each: a packet that has come, and room to grow. */
const marginBytes = 64 * 1024;

export interface Probed {
  readonly front: Front;
  /** A client whose address ends with this number. */
  readonly connect: (host: number) => Promise<RawClient>;
}

/**
 * All of the budget for buffered bodies can be had at once, by several clients: nothing of it is lost. Of several workers
 * each has a share, and all connections may be one's.
 */
export async function probeBudget({ front, connect }: Probed): Promise<void> {
  const length = (bufferedMiB * mebibyte) / front.workers / bodies - marginBytes;
  // Made before anybody connects: a connection on which nothing comes is closed soon.
  const requests = Array.from({ length: bodies }, (_, n) => bigRequest(`budget-${n}`, length));
  const sent = requests.map(async (request, n) => {
    const client = await connect(n + 1);
    // Where the gateway has had enough, its answer says why.
    await client.sendAll(request.subarray(0, -1)).catch(() => undefined);
    return client;
  });
  const clients = await Promise.all(sent);
  for (const [n, client] of clients.entries()) client.send(requests[n]?.subarray(-1) ?? "");
  await assertServed(clients, "the budget is not whole");
}

function bigRequest(id: string, length: number): Buffer {
  const body = jsonBody(id, length);
  const fields = [["Content-Type", "application/json"] as const, ["Content-Length", String(body.length)] as const];
  return Buffer.concat([Buffer.from(headOf({ method: "POST", target: "/gv/well", id, fields })), body]);
}

/** As many requests as there are permits are at the upstream at once, though none may wait for long: none is lost. */
export async function probePermits({ front, connect }: Probed, evil: RawUpstream): Promise<void> {
  const permits = evilPermits / front.workers;
  let asked = 0;
  const full = Promise.withResolvers<void>();
  evil.become(async (connection) => {
    await connection.readHead();
    asked += 1;
    if (asked === permits) full.resolve();
    await full.promise;
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  const sent = Array.from({ length: permits }, async (_, n) => {
    const client = await connect(1);
    client.send(headOf({ target: "/held", id: `permit-${n}` }));
    return client;
  });
  await assertServed(await Promise.all(sent), "not all permits are back");
}

async function assertServed(clients: readonly RawClient[], message: string): Promise<void> {
  try {
    const responses = await Promise.all(clients.map((client) => client.response()));
    const refused = responses.filter(({ status }) => status !== 200);
    const said = refused[0]?.body.toString();
    assert.equal(refused.length, 0, `${message}: ${refused.length} of ${clients.length} were refused: ${said}`);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}
