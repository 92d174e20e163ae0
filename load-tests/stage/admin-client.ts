import type { IncomingMessage } from "node:http";

import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

const patienceMs = 5_000;

/**
 * Asks one port of 127.0.0.1, over one connection that is kept. Rejects where the answer is not 200 or takes longer
 * than five seconds.
 */
export class AdminClient implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  /** The answer's body. */
  async get(path: string): Promise<string> {
    return this.#ask("GET", path);
  }

  async put(path: string, value: unknown): Promise<void> {
    await this.#ask("PUT", path, JSON.stringify(value));
  }

  async #ask(method: string, path: string, body = ""): Promise<string> {
    const options = { host: "127.0.0.1", port: this.#port, method, path, agent: this.#agent };
    const headers =
      body === "" ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const asked = request({ ...options, headers, signal: AbortSignal.timeout(patienceMs) });
    // Once there is a response, an error is told by its body as well.
    asked.on("error", () => {});
    asked.end(body);
    const [res] = (await once(asked, "response")) as [IncomingMessage];
    const answer = await text(res);
    if (res.statusCode !== 200) throw new Error(`${method} ${path} was answered with ${res.statusCode}: ${answer}`);
    return answer;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
