import type { LoadOptions } from "../config/load.ts";
import type { RunningGateway, ServiceOptions } from "./running-gateway.ts";
import type { Terminal } from "./terminal.ts";

import { formatFinding } from "../config/finding.ts";
import { loadConfig } from "../config/load.ts";
import { placeRemark } from "../config/schema-finding.ts";
import { SchemaError, startGateway } from "./running-gateway.ts";

export interface StartSurroundings extends Terminal, LoadOptions {
  /** Calls `stop` at each SIGTERM and SIGINT. */
  onSignal(stop: () => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/**
 * Runs the gateway until it is told to stop, and drains. Resolves with the exit code: 0 drained, 1 failed or past the
 * drain deadline, 2 bad configuration. A second signal ends the process at once.
 */
export async function start(options: { readonly config: string }, surroundings: StartSurroundings): Promise<number> {
  const result = loadConfig(options.config, surroundings);
  const findings = "config" in result ? result.warnings : result.findings;
  for (const finding of findings) surroundings.error(formatFinding(finding));
  if (!("config" in result)) return 2;
  const opened = await open({ config: result.config, misalignments: result.misalignments }, surroundings);
  if (typeof opened === "number") return opened;
  await stopped(opened, surroundings);
  return opened.drain();
}

async function open(options: ServiceOptions, terminal: Terminal): Promise<RunningGateway | number> {
  try {
    return await startGateway(options);
  } catch (error) {
    if (error instanceof SchemaError) {
      for (const finding of error.findings) terminal.error(formatFinding(placeRemark(finding)));
      return 2;
    }
    terminal.error(`statuswise: ${listenFault(error)}`);
    return 1;
  }
}

function stopped(gateway: RunningGateway, surroundings: StartSurroundings): Promise<void> {
  let isStopping = false;
  return new Promise((resolve) => {
    surroundings.onSignal(() => {
      if (isStopping) {
        gateway.observer.flushSync();
        surroundings.exit(1);
      }
      isStopping = true;
      resolve();
    });
  });
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
