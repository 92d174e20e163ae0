import { isIP, isIPv6 } from "node:net";

const label = "[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?";
const hostName = new RegExp(`^${label}(?:\\.${label})*$`);
const targetUrl = /^https?:\/\/[^/?#@\\\s]+\/?$/i;

function isHostName(text: string): boolean {
  return text.length <= 253 && hostName.test(text);
}

/** A host name or an address, without port and brackets. */
export function hostFault(text: string): string | undefined {
  return isHostName(text) || isIP(text) !== 0 ? undefined : "is neither a host name nor an address";
}

/** `api.example.com`, `*.example.com`, an address; IPv6 in brackets as in a Host field. */
export function hostPatternFault(text: string): string | undefined {
  if (text.endsWith(".")) return "ends with a dot";
  if (text.startsWith("[")) return isIPv6(text.slice(1, -1)) && text.endsWith("]") ? undefined : "is no address";
  if (text.includes(":")) return "names a port, and ports are ignored";
  const host = text.startsWith("*.") ? text.slice(2) : text;
  if (host.includes("*")) return "has a * elsewhere than as its whole first label";
  return isHostName(host) ? undefined : "is no host";
}

/** An address, or an address with the length of its prefix. */
export function cidrFault(text: string): string | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0) return "has no address";
  if (length === undefined) return undefined;
  const isInRange = /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128);
  return isInRange && rest.length === 0 ? undefined : "has no valid prefix length";
}

/** Scheme, host and port alone: a path would be silently joined with the request's, credentials would leak. */
export function targetUrlFault(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text)) return "does not begin with http:// or https://";
  if (text.includes("@")) return "holds credentials";
  if (!targetUrl.test(text)) return "has more than a scheme, a host and a port";
  if (!URL.canParse(text)) return "has no valid host and port";
  const { hostname, port } = new URL(text);
  if (port === "0") return "has port 0";
  return hostname.startsWith("[") || isHostName(hostname) ? undefined : "has no valid host";
}

/** The origin as it is compared and labelled: lower-case host, no default port, no slash. */
export function normaliseTargetUrl(text: string): string {
  return new URL(text).origin;
}

/** An absolute http(s) URL to which a failure's code is appended. */
export function httpBaseFault(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return "is no http:// or https:// URL";
  const { username, password } = new URL(text);
  return username === "" && password === "" ? undefined : "holds credentials";
}

/** Scheme and host at least; credentials, port and the number of a database may follow. */
export function redisUrlFault(text: string): string | undefined {
  if (!/^rediss?:\/\//i.test(text)) return "does not begin with redis:// or rediss://";
  if (!URL.canParse(text)) return "is no URL";
  const { hostname, pathname } = new URL(text);
  if (hostname === "") return "has no host";
  return /^\/?\d*$/.test(pathname) ? undefined : "has a path that is no database number";
}
