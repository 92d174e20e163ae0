import { findPackageJSON } from "node:module";
import { dirname, join, relative } from "node:path";

import type { Config } from "../config/schema.ts";
import type { OrdersApi } from "../demo/orders-api.ts";
import type { RunningGateway } from "../supervise/running-gateway.ts";
import type { StartSurroundings } from "./terminal.ts";

import { formatFinding } from "../config/finding.ts";
import { loadConfig } from "../config/load.ts";
import { findRefusingPort, startOrdersApi } from "../demo/orders-api.ts";
import { renderTour } from "../demo/tour.ts";
import { startGateway } from "../supervise/running-gateway.ts";
import { listenFault } from "./start.ts";
import { stopped } from "./stopped.ts";
import { paint } from "./terminal.ts";

/** The demo's configuration is a file like any other; it stands in the package, compiled or not. */
const configFile = join(dirname(findPackageJSON(import.meta.url) ?? ""), "config/demo/gateway.yaml");

/**
 * Runs a sample Orders API and the gateway in front of it, and prints what to try. PORT and ADMIN_PORT move the gateway
 * away from 8080 and 9090. Answers the exit code, as `start` does.
 */
export async function demo(surroundings: StartSurroundings): Promise<number> {
  const api = await startOrdersApi();
  try {
    const environment = { ...surroundings.environment, ...(await portsOf(api)) };
    const result = loadConfig(configFile, { ...surroundings, environment });
    if ("config" in result) return await serve(result.config, surroundings);
    for (const finding of result.findings) surroundings.error(formatFinding(finding));
    return 2;
  } finally {
    await api.close();
  }
}

async function portsOf(api: OrdersApi): Promise<Record<string, string>> {
  return { ORDERS_PORT: String(api.port), DEAD_PORT: String(await findRefusingPort()) };
}

async function serve(config: Config, surroundings: StartSurroundings): Promise<number> {
  let gateway: RunningGateway;
  try {
    gateway = await startGateway({ config });
  } catch (error) {
    surroundings.error(`statuswise demo: ${listenFault(error)} (here by PORT and ADMIN_PORT in the environment)`);
    return 1;
  }
  surroundings.out(introduction(config, gateway, surroundings));
  await stopped(gateway, surroundings);
  return gateway.drain();
}

function introduction(config: Config, gateway: RunningGateway, surroundings: StartSurroundings): string {
  const origin = `http://${config.listen.host}:${gateway.port}`;
  const admin = `http://${config.admin.host}:${gateway.adminPort}`;
  return [
    "",
    paint("A sample Orders API that can be told to misbehave, and the gateway in front of it", "bold", surroundings),
    "",
    `  gateway  ${origin}`,
    `  admin    ${admin}/status, /metrics, /livez, /readyz`,
    `  config   ${relative("", configFile)}`,
    "",
    renderTour(origin),
    "Every answer says in Proxy-Status who made it; every request leaves its line in the log below. Ctrl+C ends it.",
    "",
  ].join("\n");
}
