import type { Subject } from "../scenario.ts";

import { bareHttpProxy } from "./bare-http-proxy.ts";
import { haproxy, nginx } from "./program.ts";
import { systemProxy } from "./system-proxy.ts";

const nginxArgs = (file: string): readonly string[] => ["-c", file, "-e", "stderr"];

/** Known for a service of 10 slots, and the one setting of HAProxy that the comparison of limits takes along. */
export const haproxyMaxconn: Subject = systemProxy({
  name: "haproxy",
  setting: "maxconn 12, queue 100 ms",
  program: haproxy,
  template: "haproxy.cfg",
  args: (file) => ["-db", "-f", file],
});

/** Other proxies, as reference columns. */
export const peers: readonly Subject[] = [
  systemProxy({ name: "nginx", setting: "as it comes", program: nginx, template: "nginx.conf", args: nginxArgs }),
  systemProxy({
    name: "nginx-limit-conn",
    setting: "limit_conn 12",
    program: nginx,
    template: "nginx-limit-conn.conf",
    args: nginxArgs,
  }),
  haproxyMaxconn,
  bareHttpProxy,
];
