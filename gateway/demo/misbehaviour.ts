import type { ServerResponse } from "node:http";

type Misbehaviour = (res: ServerResponse) => void;

const dripIntervalMs = 250;
const drips = 8;

/** Every way the sample API can be told to misbehave, by the name it has under `/demo/`. */
const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  hang: () => {},
  reset: (res) => void res.socket?.resetAndDestroy(),
  cut,
  garbage: (res) => void res.socket?.end("This is no HTTP.\r\n\r\n"),
  slow: drip,
  crash,
};

/** Misbehaves as told; an unknown name is the API's own 404. */
export function misbehave(name: string, res: ServerResponse): void {
  const misbehaviour = Object.hasOwn(misbehaviours, name) ? misbehaviours[name] : undefined;
  if (misbehaviour === undefined) res.writeHead(404, { "Content-Type": "text/plain" }).end("no such misbehaviour\n");
  else misbehaviour(res);
}

/** Promises more than it sends, then resets the connection in the middle of the body. */
function cut(res: ServerResponse): void {
  res.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 1_000 });
  res.write("the beginning of an answer that is cut off …\n", () => res.socket?.resetAndDestroy());
}

/** A slow answer, which is no failure: a line now and then, ended properly. */
function drip(res: ServerResponse): void {
  res.writeHead(200, { "Content-Type": "text/plain" });
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    res.write(`line ${sent} of ${drips}\n`);
    if (sent === drips) res.end();
  }, dripIntervalMs);
  res.on("close", () => clearInterval(timer));
}

/** What many a framework shows to strangers when a handler throws. */
function crash(res: ServerResponse): void {
  const stack = new TypeError("Cannot read properties of undefined (reading 'sku')").stack ?? "";
  res.writeHead(500, { "Content-Type": "text/plain" }).end(`${stack}\n`);
}
