import { join } from "node:path";

/** What a request that costs the gateway something is checked against. */
export const largeOrderSchema = join(import.meta.dirname, "schemas/large-order.json");

/** An order of so many lines, of about 50 bytes each. */
export function largeOrder(lines: number): string {
  const line = (n: number) => ({ sku: `AB-${1000 + n}`, quantity: (n % 999) + 1, note: "as usual" });
  return JSON.stringify({ customer: "load test", lines: Array.from({ length: lines }, (_, n) => line(n)) });
}
