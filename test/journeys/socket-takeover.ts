import assert from "node:assert/strict";

import type { ConfigShape } from "../support/config-file.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { GatewayVitals } from "../support/gateway-vitals.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { connectTlsClient } from "../support/tls-client.ts";
import { pairFiles } from "../support/tls-upstream.ts";
import { ok, responseBytes } from "../support/upstream-scripts.ts";
import { handshakeBytes, switching } from "../support/websocket.ts";

/** What one connection sends (text), and the status that it awaits (a number) before it goes on. */
type Script = ReadonlyArray<string | number>;

export interface TakeOver {
  /** Continues "the process survives …". */
  readonly name: string;
  readonly script: Script;
  /** Statuses that may follow the last one of the script. */
  readonly mayFollow?: readonly number[];
}

const connect = "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n";
const get = requestBytes().toString("latin1");
const handshake = (target: string): string => handshakeBytes({ target }).toString("latin1");
const upgradeToH2c = requestBytes({
  fields: [
    ["Connection", "Upgrade, HTTP2-Settings"],
    ["Upgrade", "h2c"],
    ["HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"],
  ],
}).toString("latin1");

/** All but the empty line. */
function unfinished(head: string): string {
  return head.slice(0, -2);
}

/** Each puts a second request, or the rest of one, on a socket whose refusal is still going out. */
export const takeOvers: readonly TakeOver[] = [
  { name: "the last line of a CONNECT after its 408", script: [unfinished(connect), 408, "\r\n"] },
  { name: "the last line of a CONNECT byte by byte after its 408", script: [unfinished(connect), 408, "\r", "\n"] },
  { name: "a request behind the last line of a late CONNECT", script: [unfinished(connect), 408, `\r\n${get}`] },
  { name: "a CONNECT behind the rest of a late request", script: [unfinished(get), 408, `\r\n${connect}`] },
  {
    name: "the last line of a CONNECT after the 408 of a second request",
    script: [get, 200, unfinished(connect), 408, "\r\n"],
  },
  { name: "a request behind the refusal of a CONNECT", script: [connect, 405, get] },
  { name: "an empty line behind the refusal of a CONNECT", script: [connect, 405, "\r\n"] },
  { name: "a CONNECT behind the refusal of a CONNECT", script: [connect, 405, connect] },
  { name: "two CONNECTs in one packet", script: [connect + connect, 405] },
  { name: "a CONNECT with garbage behind it", script: [`${connect}\x00\x01\x02`, 405, "\x00\xff"] },
  { name: "a CONNECT and a request behind a request", script: [get + connect + get, 200], mayFollow: [405] },
  { name: "a CONNECT behind a refused request", script: [`\x00${connect}`, 400, connect] },
  { name: "the last line of a handshake after its 408", script: [unfinished(handshake("/echo")), 408, "\r\n"] },
  { name: "the last line of an Upgrade to h2c after its 408", script: [unfinished(upgradeToH2c), 408, "\r\n"] },
  {
    name: "a CONNECT behind the last line of a late handshake",
    script: [unfinished(handshake("/echo")), 408, `\r\n${connect}`],
  },
  { name: "a CONNECT in one packet with a refused handshake", script: [handshake("/no") + connect, 403] },
  { name: "a CONNECT behind the refusal of a handshake", script: [handshake("/no"), 403, connect] },
  { name: "a handshake behind the refusal of a handshake", script: [handshake("/no"), 403, handshake("/echo")] },
  { name: "a CONNECT while a handshake waits", script: [handshake("/later"), connect, 403] },
  {
    name: "a handshake and a CONNECT while a request waits",
    script: [get, handshake("/") + connect, 200, 200],
    mayFollow: [405],
  },
  { name: "a handshake behind the refusal of a CONNECT", script: [connect, 405, handshake("/echo")] },
  {
    name: "a CONNECT that goes through a tunnel",
    script: [handshake("/echo"), 101, connect, unfinished(connect), "\r\n"],
  },
  { name: "a CONNECT in one packet with a handshake", script: [handshake("/echo") + connect, 101] },
];

/** Where the socket may be, as the title of a suite. */
export const deployments: ReadonlyArray<readonly [name: string, front: Front]> = [
  ["one process survives", { workers: 1, isSecure: false }],
  ["two workers survive", { workers: 2, isSecure: false }],
  ["a listener with TLS survives", { workers: 1, isSecure: true }],
];

interface Front {
  readonly workers: number;
  readonly isSecure: boolean;
}

const laterMs = 50;
const pairsAtOnce = 20;
/** So that each of two workers has both kinds of endings. */
const playsEach = 4;

const upstreamScript: UpstreamScript = async (connection) => {
  for (;;) {
    const request = await connection.readRequest();
    if (request.target === "/later") await new Promise((resolve) => setTimeout(resolve, laterMs));
    if (request.target === "/echo") break;
    connection.write(request.target === "/" ? ok : responseBytes("403 Forbidden"));
  }
  connection.write(switching(connection.requests.at(-1) ?? assert.fail()));
  for (let bytes = await connection.readSome(); bytes !== undefined; bytes = await connection.readSome()) {
    connection.write(bytes);
  }
  connection.fin();
};

function configOf(target: string, { workers, isSecure }: Front): ConfigShape {
  const listen = { headersTimeout: "300ms", ...(isSecure ? { tls: pairFiles("valid") } : {}) };
  return { ...singleRoute({ target, route: { websocket: true }, listen }), workers };
}

/** One gateway behind which every form is tried; where a form ends it, the next one gets a new one. */
export class Attacked implements AsyncDisposable {
  readonly #front: Front;
  readonly #stack = new AsyncDisposableStack();
  #gateway: GatewayProcess | undefined;
  #vitals: GatewayVitals | undefined;

  constructor(front: Front) {
    this.#front = front;
  }

  async start(): Promise<void> {
    if (this.#vitals?.isWhole === true) return;
    const upstream = this.#stack.use(await startUpstream(upstreamScript));
    this.#gateway = this.#stack.use(await spawnGateway(configOf(upstream.url, this.#front)));
    this.#vitals = await GatewayVitals.of(this.#gateway);
  }

  #connect(): Promise<RawClient> {
    const { port } = this.#gateway ?? assert.fail("it has been started");
    return this.#front.isSecure ? connectTlsClient(port, { allowHalfOpen: true }) : connectClient(port);
  }

  /** Plays a script on several connections; then good requests must be served by the processes that were there before. */
  async suffer({ script, mayFollow = [] }: TakeOver): Promise<void> {
    const plays = Array.from({ length: playsEach }, (_, n) => this.#play(script, n % 4 < 2));
    const settled = Promise.allSettled(plays);
    // A connection that was on its way to a worker that ended stays as it is.
    await Promise.race([settled, this.#vitals?.failed]);
    await this.assertWhole();
    if (script.includes(101)) return;
    const due = script.filter((step) => typeof step === "number");
    for (const seen of await settled) {
      if (seen.status === "rejected") throw seen.reason;
      const surplus = seen.value.slice(due.length);
      assert.deepEqual(seen.value.slice(0, due.length), due);
      assert.ok(
        surplus.every((status) => mayFollow.includes(status)),
        `${surplus.join(" ")} is more than was asked for`,
      );
    }
  }

  /**
   * A request that is its connection's last, and a packet with two more around the end of its answer: `pairs` times, a
   * tenth of a millisecond apart.
   */
  async sufferTimedPairs(pairs: number): Promise<void> {
    for (let n = 0; n < pairs && this.#vitals?.isWhole !== false; n += pairsAtOnce) {
      await Promise.allSettled(Array.from({ length: pairsAtOnce }, (_, k) => this.#playPair(n + k)));
    }
    await this.assertWhole();
  }

  async assertWhole(): Promise<void> {
    assert.ok(this.#vitals !== undefined);
    await this.#vitals.assertWhole();
    await Promise.all(Array.from({ length: playsEach }, () => this.#askOnce()));
    await this.#vitals.assertWhole();
  }

  async #askOnce(): Promise<void> {
    using client = await this.#connect();
    client.send(get);
    assert.equal((await client.response()).status, 200);
  }

  /** Resolves with the statuses of all final responses: at the end, or once others were served behind its last bytes. */
  async #play(script: Script, halfCloses: boolean): Promise<readonly number[]> {
    using client = await this.#connect();
    for (const step of script) {
      if (typeof step === "number") assert.equal((await responseTo(client, step)).status, step);
      else client.send(step);
      // So that what follows is another packet.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (halfCloses) {
      client.fin();
      await client.ended;
    } else {
      await Promise.all(Array.from({ length: playsEach }, () => this.#askOnce()));
    }
    return [...client.received.toString("latin1").matchAll(/HTTP\/1\.1 ([2-5][0-9]{2}) /g)].map(([, seen]) =>
      Number(seen),
    );
  }

  async #playPair(n: number): Promise<void> {
    using client = await this.#connect();
    client.send(upgradeToH2c);
    const sendAt = performance.now() + ((n % 40) + 1) * 0.1;
    while (performance.now() < sendAt) await new Promise((resolve) => setImmediate(resolve));
    client.send(n % 2 === 0 ? get + connect : handshake("/echo") + connect);
    client.fin();
    await Promise.race([client.ended, this.#vitals?.failed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Of a switch of protocols there is but a head. */
async function responseTo(client: RawClient, awaited: number): Promise<{ readonly status: number }> {
  return awaited === 101 ? client.head() : client.response();
}
