/** What is asked where the cost of a request counts. */
export interface Request {
  readonly name: string;
  /** Byte for byte. */
  readonly request: Buffer;
}

/** Body of the large answer, in bytes: 1 MiB. */
export const largeBodyBytes = 1_048_576;

/** Events that the service sends on one stream before it ends the stream. */
export const eventsPerStream = 50;

/** Time between two events of a stream. */
export const eventIntervalMs = 4;

/** The byte that stands once in each event, and nowhere else in a stream. */
export const eventMark = 0x7e;

/** Digits of the time in front of the mark: microseconds of the machine's monotonic clock. */
export const eventTimeDigits = 16;

const eventNote = "e".repeat(96);

/** One server-sent event of about 140 bytes, with the time at which it is written. */
export function eventOf(nanoseconds: bigint): string {
  const at = String(nanoseconds / 1000n).padStart(eventTimeDigits, "0");
  return `data: {"note":"${eventNote}","at":"${at}~"}\n\n`;
}

const lines = Array.from({ length: 14 }, (_, index) => ({ sku: `AB-${1000 + index}`, quantity: index + 1 }));
const order = JSON.stringify({ customer: "Ada Lovelace", note: "n".repeat(112), lines });
/** The last line's quantity is 0, which config/demo/schemas/order.json and the Lua check refuse. */
const invalidOrder = order.replace(/"quantity":14/, '"quantity":0 ');

/** A GET without a body. */
export const get: Request = { name: "GET", request: getOf("/orders/ord-1") };

/** An order of 600 bytes, valid by config/demo/schemas/order.json. */
export const post: Request = { name: `POST ${order.length} bytes`, request: postOf(order) };

/** The same order with one wrong value. */
export const invalidPost: Request = { name: "POST, invalid", request: postOf(invalidOrder) };

/** A GET whose answer is `largeBodyBytes` long. */
export const getLarge: Request = { name: "GET 1 MiB", request: getOf("/orders/large") };

/** A GET whose answer is a stream of events. */
export const getEvents: Request = { name: "GET event stream", request: getOf("/events") };

/** A GET that is refused before the upstream. */
export const getClosed: Request = { name: "GET, refused", request: getOf("/closed") };

function getOf(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: api.example.com\r\nAccept: */*\r\n\r\n`);
}

function postOf(body: string): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `POST /orders HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}
