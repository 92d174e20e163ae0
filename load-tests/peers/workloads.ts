/** What is asked where the cost of a request counts. */
export interface Request {
  readonly name: string;
  /** Byte for byte. */
  readonly request: Buffer;
}

const lines = Array.from({ length: 14 }, (_, index) => ({ sku: `AB-${1000 + index}`, quantity: index + 1 }));
const order = JSON.stringify({ customer: "Ada Lovelace", note: "n".repeat(112), lines });

/** A GET without a body. */
export const get: Request = {
  name: "GET",
  request: Buffer.from("GET /orders/ord-1 HTTP/1.1\r\nHost: api.example.com\r\nAccept: */*\r\n\r\n"),
};

/** An order of 600 bytes, valid by config/demo/schemas/order.json. */
export const post: Request = {
  name: `POST ${order.length} bytes`,
  request: Buffer.from(
    `POST /orders HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: application/json\r\nContent-Length: ${order.length}\r\n\r\n${order}`,
  ),
};
