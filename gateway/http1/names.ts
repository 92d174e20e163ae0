import { tokenFold } from "./tokens.ts";

/** A field name that the codec knows by heart. */
export interface FieldName {
  /** In lower case. */
  readonly name: string;
  /** Of the name, where the table holds it. */
  readonly octets: Uint8Array;
  /** Its bit in `Known`, or 0. */
  readonly bit: number;
  readonly hasUnderscore: boolean;
}

/** One bit per well-known field name; `Fields.has` and `Fields.isRepeated` ask for them. */
export const Known = {
  host: 1 << 0,
  connection: 1 << 1,
  contentLength: 1 << 2,
  transferEncoding: 1 << 3,
  expect: 1 << 4,
  upgrade: 1 << 5,
  via: 1 << 6,
  maxForwards: 1 << 7,
  xRequestId: 1 << 8,
  traceparent: 1 << 9,
  tracestate: 1 << 10,
  cookie: 1 << 11,
  xForwardedFor: 1 << 12,
  keepAlive: 1 << 13,
  proxyStatus: 1 << 14,
  trailer: 1 << 15,
  contentType: 1 << 16,
  contentEncoding: 1 << 17,
  authorization: 1 << 18,
  proxyAuthorization: 1 << 19,
  range: 1 << 20,
  ifRange: 1 << 21,
  ifModifiedSince: 1 << 22,
  ifUnmodifiedSince: 1 << 23,
  from: 1 << 24,
  referer: 1 << 25,
  userAgent: 1 << 26,
} as const;

/** Other names that are common; the table holds them from the start, so that no stranger's names displace them. */
const common =
  "accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials " +
  "access-control-allow-headers access-control-allow-methods access-control-allow-origin " +
  "access-control-expose-headers access-control-max-age access-control-request-headers " +
  "access-control-request-method age allow alt-svc cache-control cdn-cache-control content-disposition " +
  "content-language content-location content-md5 content-range content-security-policy date deadline digest dnt " +
  "etag expires forwarded http2-settings idempotency-key if-match if-none-match last-modified link location " +
  "nel origin permissions-policy pragma priority proxy-authenticate proxy-connection rate-limit ratelimit " +
  "ratelimit-policy referrer-policy report-to retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform " +
  "sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-websocket-accept " +
  "sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version server server-timing " +
  "set-cookie strict-transport-security te timing-allow-origin upgrade-insecure-requests vary www-authenticate " +
  "x-api-key x-content-type-options x-correlation-id x-forwarded-host x-forwarded-port x-forwarded-proto " +
  "x-frame-options x-powered-by x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-real-ip " +
  "x-requested-with x-xss-protection";

const slots = 4096;
const maxProbes = 8;
/** Names that the table holds at most, those it holds from the start included. */
const maxNames = 1024;
/** A longer name is parsed every time. */
const maxNameLength = 64;

/**
 * An open-addressed table from a name in any case to its one FieldName. Names are learned as they come until the table
 * is full; afterwards, and where all slots of a name are taken, a name costs two strings.
 */
const table: Array<FieldName | undefined> = Array.from({ length: slots }, () => undefined);
let size = 0;
const none = new Uint8Array(0);

for (const [key, bit] of Object.entries(Known))
  insert(
    key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    bit,
  );
for (const name of common.split(" ")) insert(name, 0);

/** The name that the tchars from `from` on make; undefined where there is none. No octet from `end` on is looked at. */
export function fieldNameAt(octets: Buffer, from: number, end: number): FieldName | undefined {
  let hash = 0;
  let to = from;
  for (; to < end; to += 1) {
    const octet = tokenFold[octets[to] as number] as number;
    if (octet === 0) break;
    hash = hashed(hash, octet);
  }
  const length = to - from;
  if (length === 0) return undefined;
  for (let probe = 0; probe < maxProbes; probe += 1) {
    const entry = table[slotOf(hash, probe)];
    if (entry === undefined) break;
    if (entry.name.length === length && equals(octets, from, entry.octets)) return entry;
  }
  return learn(octets.toString("latin1", from, to).toLowerCase());
}

/** How many names the table holds; never more than 1024. */
export function countLearned(): number {
  return size;
}

function equals(octets: Buffer, from: number, name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at += 1) {
    if (tokenFold[octets[from + at] as number] !== name[at]) return false;
  }
  return true;
}

function hashed(hash: number, octet: number): number {
  return (Math.imul(hash, 31) + octet) | 0;
}

function slotOf(hash: number, probe: number): number {
  return ((hash ^ (hash >>> 12)) + probe) & (slots - 1);
}

/** The name, in the table where it has room. */
function learn(name: string): FieldName {
  if (size >= maxNames || name.length > maxNameLength) return entryOf(name, 0);
  return insert(name, 0);
}

function insert(name: string, bit: number): FieldName {
  const octets = Uint8Array.from(Buffer.from(name, "latin1"));
  const entry = { ...entryOf(name, bit), octets };
  let hash = 0;
  for (const octet of octets) hash = hashed(hash, octet);
  for (let probe = 0; probe < maxProbes; probe += 1) {
    const slot = slotOf(hash, probe);
    if (table[slot] !== undefined) continue;
    table[slot] = entry;
    size += 1;
    break;
  }
  return entry;
}

function entryOf(name: string, bit: number): FieldName {
  return { name, bit, hasUnderscore: name.includes("_"), octets: none };
}
