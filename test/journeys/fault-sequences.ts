import assert from "node:assert/strict";
import fc from "fast-check";

import type { ReceivedResponse } from "../support/http-message.ts";
import type { RequestParts } from "../support/raw-client.ts";
import type { Fault } from "./faults.ts";

import { EndOfBytes } from "../support/byte-reader.ts";
import { gatewayName } from "../support/config-file.ts";
import { valueOf } from "../support/http-message.ts";
import { assertNoLeak, assertProblem, lastProxyStatus } from "../support/problem-assert.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { faults, playFaults } from "./faults.ts";

/** What one client does: which fault it meets, how it asks, and whether it stays for the answer. */
interface Step {
  readonly fault: Fault;
  readonly method: "GET" | "PUT" | "POST";
  readonly version: "HTTP/1.1" | "HTTP/1.0";
  readonly leaves: boolean;
}

/** Steps of one group run at once, groups one after the other. */
type Sequence = ReadonlyArray<readonly Step[]>;

export interface SequenceFigures {
  readonly runs: number;
  readonly requests: number;
  readonly seed: number;
  /** How often each code was seen. */
  readonly codes: Readonly<Record<string, number>>;
}

const step: fc.Arbitrary<Step> = fc.record({
  fault: fc.constantFrom(...faults),
  method: fc.constantFrom("GET", "PUT", "POST"),
  version: fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0"),
  leaves: fc.nat({ max: 7 }).map((n) => n === 0),
});

const sequence: fc.Arbitrary<Sequence> = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

/** Random sequences of upstream faults against one gateway, with the map's invariants checked after every answer. */
export async function playSequences({ runs, seed }: { readonly runs: number; readonly seed: number }) {
  await using stage = new Stage();
  const upstream = await stage.front(playFaults, {
    // The breaker stays out of it: what is random here is the upstream, and each fault has its own answer.
    upstream: {
      timeouts: { headers: "60ms", idle: "60ms", connect: "2s" },
      breaker: { minimumRequests: 1_000_000 },
      concurrency: { limit: 100 },
    },
  });
  const seen = new Map<string, number>();
  let requests = 0;
  const property = fc.asyncProperty(sequence, async (groups) => {
    for (const group of groups) {
      const codes = await Promise.all(group.map((each) => take(stage, each)));
      for (const code of codes) seen.set(code, (seen.get(code) ?? 0) + 1);
      requests += group.length;
    }
    await stage.gateway.settled();
    await until(async () => upstream.openConnections === (await stage.gateway.load()).idle);
  });
  await fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
  const figures: SequenceFigures = { runs, requests, seed, codes: Object.fromEntries(seen) };
  return figures;
}

let asked = 0;

/** One step: the request, what came of it, and what the log says of it. Resolves with the code, or `success`. */
async function take(stage: Stage, { fault, method, version, leaves }: Step): Promise<string> {
  const requestId = `step-${(asked += 1)}`;
  const parts: RequestParts = {
    method,
    version,
    target: `/${fault.name}`,
    fields: [["X-Request-Id", requestId]],
    ...(method === "GET" ? {} : { body: "a body" }),
  };
  const client = await stage.client();
  client.send(requestBytes(parts));
  if (leaves) {
    client.reset();
    return "left";
  }
  const response = await readResponse(() => client.response(method));
  const access = await stage.gateway.log.access(requestId);
  const code = access["code"] === "" ? "success" : String(access["code"]);
  assert.equal(stage.gateway.log.of("request", requestId).length, 1, "one access line");
  // A streamed body cannot be sent twice, so a pooled connection that has gone meanwhile shows.
  const allowed = [...fault.codes, ...(method === "GET" ? [] : ["upstream_stale_connection"])];
  const label = `${fault.name} by ${method} ${version}`;
  if (response === undefined || !response.isComplete) {
    assert.ok(fault.breaksBody === true && allowed.includes(code), `${label}: broken with ${code}`);
    if (response !== undefined && version === "HTTP/1.0") assert.equal(response.ending, "reset", label);
    return code;
  }
  if (lastProxyStatus(response, gatewayName).has("error")) {
    assert.ok(allowed.includes(code), `${label}: ${code}, not one of ${allowed.join(", ")}`);
    assertProblem(code as Fault["codes"][number], response, { name: gatewayName, method });
    assert.equal(access["status"], response.status);
    return code;
  }
  assert.equal(fault.body, response.body.toString(), `${label}: a whole answer that the upstream never gave`);
  assert.equal(valueOf(response.fields, "x-request-id"), requestId);
  assertNoLeak(response, []);
  return "success";
}

/** Undefined where the connection ended before a head: the gateway never does that to a client that stays. */
async function readResponse(read: () => Promise<ReceivedResponse>): Promise<ReceivedResponse | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
}
