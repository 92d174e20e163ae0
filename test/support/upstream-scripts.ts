import type { Field, RecordedRequest } from "./http-message.ts";
import type { UpstreamScript } from "./raw-upstream.ts";

/** A well-formed response with a Content-Length. */
export function responseBytes(status: string, body = "", fields: readonly Field[] = []): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status}\r\n${lines}Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`;
}

export const ok = responseBytes("200 OK", "fine", [["Content-Type", "text/plain"]]);

/** Answers every request on a connection with what `answer` says, for as long as the gateway keeps it open. */
export function answering(answer: string | ((request: RecordedRequest, n: number) => string) = ok): UpstreamScript {
  return async (connection) => {
    for (let n = 0; ; n += 1) {
      const request = await connection.readRequest();
      connection.write(typeof answer === "string" ? answer : answer(request, n));
    }
  };
}

/** Reads the request, answers these bytes whatever they are, and closes in order. */
export function sayingAndClosing(bytes: string): UpstreamScript {
  return async (connection) => {
    await connection.readRequest();
    connection.write(bytes);
    connection.fin();
  };
}

/** Reads the request and never answers. */
export const hanging: UpstreamScript = async (connection) => {
  await connection.readRequest();
};

/** Takes the connection and not a byte from it. */
export const neverReading: UpstreamScript = (connection) => connection.stopReading();
