import type { AddressInfo, Server } from "node:net";

/** Says on stdout where a child listens, in the line that the gateway itself uses for it. */
export function announce(server: Server): void {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: "listening", port }));
}
