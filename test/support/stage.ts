import type { TlsOptions } from "node:tls";

import assert from "node:assert/strict";

import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { BlackHole } from "./dead-ports.ts";
import type { ConfigShape, SingleRoute } from "./config-file.ts";
import type { TestGateway } from "./gateway-harness.ts";
import type { ReceivedResponse } from "./http-message.ts";
import type { LogLine } from "./log-lines.ts";
import type { FailureExpectation, Problem } from "./problem-assert.ts";
import type { RawClient, RequestParts } from "./raw-client.ts";
import type { RawUpstream, UpstreamScript } from "./raw-upstream.ts";
import type { Certificate } from "./tls-upstream.ts";

import { gatewayName, singleRoute } from "./config-file.ts";
import { openBlackHole } from "./dead-ports.ts";
import { startTestGateway } from "./gateway-harness.ts";
import { assertProblem } from "./problem-assert.ts";
import { connectClient, requestBytes } from "./raw-client.ts";
import { startUpstream } from "./raw-upstream.ts";
import { startTlsUpstream } from "./tls-upstream.ts";

/** A failure to be seen, and what is known of it beside its row. */
export interface ExpectedFailure extends Partial<FailureExpectation> {
  readonly code: FailureCode;
  /** The failure line's `phase`. */
  readonly phase?: string;
  /** Exact bytes in place of an ordinary request. */
  readonly raw?: string | Buffer;
}

export interface SeenFailure {
  readonly response: ReceivedResponse;
  readonly problem: Problem;
  readonly access: LogLine;
  readonly failure: LogLine;
}

/** All that one journey sets up, closed in the reverse order at its end. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #upstreams: RawUpstream[] = [];
  readonly #clients: RawClient[] = [];
  #gateway: TestGateway | undefined;

  /** The gateway under test, once `gateway` or `front` has started it. */
  get gateway(): TestGateway {
    assert.ok(this.#gateway !== undefined, "a gateway has been started");
    return this.#gateway;
  }

  async upstream(script: UpstreamScript): Promise<RawUpstream> {
    return this.#keep(await startUpstream(script));
  }

  async tlsUpstream(certificate: Certificate, script: UpstreamScript, options: TlsOptions = {}): Promise<RawUpstream> {
    return this.#keep(await startTlsUpstream(certificate, script, options));
  }

  async blackHole(): Promise<BlackHole> {
    return this.#stack.use(await openBlackHole());
  }

  async start(shape: ConfigShape): Promise<TestGateway> {
    this.#gateway = this.#stack.use(await startTestGateway(shape));
    return this.#gateway;
  }

  /** An upstream that plays `script`, and the gateway in front of it with one route to it. */
  async front(script: UpstreamScript, rest: Omit<SingleRoute, "target"> = {}): Promise<RawUpstream> {
    const upstream = await this.upstream(script);
    await this.start(singleRoute({ ...rest, target: upstream.url }));
    return upstream;
  }

  async client(): Promise<RawClient> {
    const client = this.#stack.use(await connectClient(this.gateway.port));
    this.#clients.push(client);
    return client;
  }

  /** One request on a connection of its own. */
  async ask(parts: RequestParts = {}): Promise<ReceivedResponse> {
    using client = await connectClient(this.gateway.port);
    client.send(requestBytes(parts));
    return await client.response(parts.method);
  }

  /** Sends a request that must fail, and asserts response and log whole. */
  async fails(expected: ExpectedFailure, parts: RequestParts = {}): Promise<SeenFailure> {
    using client = await connectClient(this.gateway.port);
    client.send(expected.raw ?? requestBytes(parts));
    const response = await client.response(parts.method);
    return await this.assertFailed(response, {
      ...(parts.method === undefined ? {} : { method: parts.method }),
      ...expected,
    });
  }

  /** Asserts that a response is this failure, and that the log says the same. */
  async assertFailed(response: ReceivedResponse, expected: ExpectedFailure): Promise<SeenFailure> {
    const secrets = [...this.#secrets(), ...(expected.secrets ?? [])];
    const problem = assertProblem(expected.code, response, { name: gatewayName, ...expected, secrets });
    const { access, failure } = await this.assertLogged(problem.requestId, expected);
    assert.equal(access["status"], response.status);
    if (problem.traceId !== "") assert.equal(access["traceId"], problem.traceId);
    return { response, problem, access, failure };
  }

  /** Asserts one access line and one failure line of a request, and that they agree. */
  async assertLogged(requestId: string, expected: ExpectedFailure): Promise<Pick<SeenFailure, "access" | "failure">> {
    const { log } = this.gateway;
    const access = await log.access(requestId);
    const failure = await log.line((line) => line["event"] === "failure" && line["requestId"] === requestId);
    assert.equal(log.of("request", requestId).length, 1, "one access line");
    assert.equal(log.of("failure", requestId).length, 1, "one failure line");
    assert.equal(access["code"], expected.code);
    assert.equal(failure["code"], expected.code);
    if (expected.phase === undefined) assert.equal(typeof failure["phase"], "string");
    else assert.equal(failure["phase"], expected.phase);
    return { access, failure };
  }

  /** The clients leave; then nothing may be in flight and no upstream connection busy. */
  async settle(): Promise<void> {
    for (const client of this.#clients) client.reset();
    await this.gateway.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    for (const { faults } of this.#upstreams) assert.deepEqual(faults, [], "the upstreams understood every request");
  }

  #keep(upstream: RawUpstream): RawUpstream {
    this.#upstreams.push(this.#stack.use(upstream));
    return upstream;
  }

  #secrets(): readonly string[] {
    return [...this.#upstreams.map((upstream) => `:${upstream.port}`), this.gateway.folder];
  }
}
