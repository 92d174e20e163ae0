import { createServer } from "node:net";

// Listens with the shortest of backlogs and then stands still: the kernel completes the first handshakes and no more.
const server = createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  process.send?.(server.address(), () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000));
});
