import type { FailureCode } from "../failures/codes.ts";

import { failureTable } from "../failures/table.ts";

/** One thing to try, and what to expect of it. */
export interface Stop {
  readonly about: string;
  readonly method: string;
  /** Origin-form target. */
  readonly target: string;
  readonly contentType?: string;
  readonly body?: string;
  /** The sample API's own status, relayed; or the code of the failure that the gateway answers with. */
  readonly expect: number | FailureCode;
  /** How often it must have been sent before, for the failures that need a history. */
  readonly afterTries?: number;
}

const json = "application/json";
const goodOrder = '{"customer":"Ada","lines":[{"sku":"AB-1234","quantity":2}]}';
const badOrder = '{"customer":"Ada","lines":[{"sku":"AB-1234","quantity":"two"}]}';

function get(about: string, target: string, expect: number | FailureCode): Stop {
  return { about, method: "GET", target, expect };
}

function post(about: string, body: string, expect: number | FailureCode): Stop {
  return { about, method: "POST", target: "/orders", contentType: json, body, expect };
}

/** A walk through the failure map: what the sample API says itself, what is refused early, what goes wrong behind. */
export const tour: ReadonlyArray<{ readonly title: string; readonly stops: readonly Stop[] }> = [
  {
    title: "What the API says itself is relayed (Proxy-Status: received-status)",
    stops: [
      post("a good order", goodOrder, 200),
      get("the orders so far", "/orders?limit=10", 200),
      get("no such order", "/orders/ord-999999", 404),
      get("a handler that throws", "/demo/crash", 500),
      get("slow, and no failure", "/demo/slow", 200),
    ],
  },
  {
    title: "What is wrong from the start never reaches the API",
    stops: [
      post("a bad order", badOrder, "invalid_body"),
      post("half a JSON", '{"customer":', "malformed_body"),
      { ...post("an order that is not called JSON", goodOrder, "unsupported_media_type"), contentType: "text/plain" },
      get("a bad query", "/orders?limit=1000", "invalid_query"),
      get("no such path", "/nowhere", "no_route"),
      { about: "no such method on that path", method: "PUT", target: "/orders", expect: "method_not_allowed" },
      get("a route taken out of service", "/demo/maintenance", "maintenance"),
    ],
  },
  {
    title: "What goes wrong behind has one right status each (Proxy-Status: error)",
    stops: [
      get("nobody listens", "/demo/refused", "upstream_refused"),
      get("no answer within 2 s", "/demo/hang", "upstream_headers_timeout"),
      get("reset before an answer", "/demo/reset", "upstream_reset"),
      get("an answer that is no HTTP", "/demo/garbage", "upstream_protocol_error"),
      get("reset in the middle of the body", "/demo/cut", "upstream_incomplete"),
      { ...get("nobody listens, for a while", "/demo/refused", "circuit_open"), afterTries: 20 },
    ],
  },
];

/** What the client sees: a status, or `cut` where the answer is broken off because its status has gone out already. */
export function statusOf(stop: Stop): string {
  if (typeof stop.expect === "number") return String(stop.expect);
  return String(failureTable[stop.expect].status ?? "cut");
}

/** The line to paste into a shell. */
export function curlOf(stop: Stop, origin: string): string {
  const url = `${origin}${stop.target}`;
  const words = ["curl -i"];
  if (stop.method !== "GET" && stop.body === undefined) words.push(`-X ${stop.method}`);
  words.push(stop.target.includes("?") ? `'${url}'` : url);
  if (stop.contentType !== undefined) words.push(`-H 'Content-Type: ${stop.contentType}'`);
  if (stop.body !== undefined) words.push(`-d '${stop.body}'`);
  const line = words.join(" ");
  return stop.afterTries === undefined
    ? line
    : `for i in $(seq ${stop.afterTries}); do curl -so- ${url}; done; ${line}`;
}

/** The tour as it is printed: for each stop the status, the failure's code, what happens, and the line to try it. */
export function renderTour(origin: string): string {
  const stops = tour.flatMap((part) => part.stops);
  const width = Math.max(...stops.map((stop) => nameOf(stop).length));
  return tour
    .map(({ title, stops: own }) => `${title}\n${own.map((stop) => renderStop(stop, width, origin)).join("\n")}\n`)
    .join("\n");
}

function renderStop(stop: Stop, width: number, origin: string): string {
  return `  ${statusOf(stop)}  ${nameOf(stop).padEnd(width)}  ${stop.about}\n       ${curlOf(stop, origin)}`;
}

function nameOf(stop: Stop): string {
  return typeof stop.expect === "number" ? "" : stop.expect;
}
