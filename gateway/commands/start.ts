import cluster from "node:cluster";

import type { LoadResult } from "../config/load.ts";
import type { GatewayOptions, RunningGateway } from "../supervise/running-gateway.ts";
import type { StartSurroundings, Terminal } from "./terminal.ts";

import { formatFinding } from "../config/finding.ts";
import { loadConfig } from "../config/load.ts";
import { placeRemark } from "../config/schema-finding.ts";
import { ConfigWatch } from "../supervise/config-watch.ts";
import { startSupervisor } from "../supervise/supervisor.ts";
import { SchemaError, startGateway } from "../supervise/running-gateway.ts";
import { workerCount } from "../supervise/shares.ts";
import { stopped } from "./stopped.ts";
import { work } from "./worker.ts";

/**
 * Runs the gateway until it is told to stop, and drains. Resolves with the exit code: 0 drained, 1 failed or past the
 * drain deadline, 2 bad configuration. A second signal ends the process at once.
 */
export async function start(options: { readonly config: string }, surroundings: StartSurroundings): Promise<number> {
  if (cluster.isWorker) return work(surroundings);
  const result = loadConfig(options.config, surroundings);
  const findings = "config" in result ? result.warnings : result.findings;
  for (const finding of findings) surroundings.error(formatFinding(finding));
  if (!("config" in result)) return 2;
  const opened = await open({ config: result.config, misalignments: result.misalignments }, surroundings);
  if (typeof opened === "number") return opened;
  const watch = watchConfig(options.config, result, { gateway: opened, surroundings });
  await stopped(opened, surroundings);
  watch.close();
  return opened.drain();
}

/** Reloads at each SIGHUP, and when a file of the configuration changes. */
function watchConfig(
  path: string,
  loaded: LoadResult,
  { gateway, surroundings }: { readonly gateway: RunningGateway; readonly surroundings: StartSurroundings },
): ConfigWatch {
  let lastGood = watchedFiles(loaded);
  const reload = (): void => {
    const result = loadConfig(path, surroundings);
    gateway.reload(result);
    if ("config" in result) lastGood = watchedFiles(result);
    // A file that a bad configuration misses may be on its way.
    watch.follow([...lastGood, ...watchedFiles(result)]);
  };
  const watch = new ConfigWatch(reload);
  watch.follow(lastGood);
  surroundings.onReload(reload);
  return watch;
}

/** The listener looks after its own certificate: a new one is no new configuration. */
function watchedFiles(result: LoadResult): readonly string[] {
  const tls = "config" in result ? result.config.listen.tls : undefined;
  const own = new Set([tls?.cert, tls?.key, tls?.clientCa]);
  return result.files.filter((file) => !own.has(file));
}

async function open(options: GatewayOptions, terminal: Terminal): Promise<RunningGateway | number> {
  try {
    if (workerCount(options.config) === 1) return await startGateway(options);
    return await startSupervisor({ ...options, error: (text) => terminal.error(text.trimEnd()) });
  } catch (error) {
    if (error instanceof SchemaError) {
      for (const finding of error.findings) terminal.error(formatFinding(placeRemark(finding)));
      return 2;
    }
    terminal.error(`statuswise: ${listenFault(error)}`);
    return 1;
  }
}

/** One clear line for a port that cannot be had. */
export function listenFault(error: unknown): string {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = `${address ?? ""}:${port ?? ""}`;
  switch (code) {
    case "EADDRINUSE":
      return `${where} is in use; stop what listens there, or set another listen.port or admin.port`;
    case "EACCES":
      return `no permission to listen on ${where}; ports below 1024 need it, so set a higher listen.port`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${address ?? "the host"} is not an address of this machine; set listen.host or admin.host to one that is`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
