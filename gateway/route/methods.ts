import { METHODS } from "node:http";

const common = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Never forwarded: TRACE echoes credentials to whoever asks (RFC 9110 §9.3.8), CONNECT opens tunnels (§9.3.6), SOURCE is
 * no method of HTTP's.
 */
const refused = new Set(["CONNECT", "TRACE", "SOURCE"]);

/** What a route without `methods` serves, and the order in which Allow names them: the common ones first. */
export const routableMethods: readonly string[] = [
  ...common,
  ...METHODS.filter((method) => !common.includes(method) && !refused.has(method)).toSorted(),
];
