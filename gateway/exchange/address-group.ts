import { isIPv6 } from "node:net";

/** An IPv4 address, or an IPv6 network of 64 bits: a client commonly has that many addresses to itself (RFC 6177). */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    // An IPv4 tail stands for two groups.
    const length = rest.length + (tail.includes(".") ? 1 : 0);
    while (groups.length < 8 - length) groups.push("0");
    groups.push(...rest);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
