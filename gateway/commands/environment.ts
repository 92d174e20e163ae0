import type { LoadOptions } from "../config/load.ts";
import type { Terminal } from "./terminal.ts";

/** What a command that serves has of its process. */
export interface StartSurroundings extends Terminal, LoadOptions {
  /** Calls `stop` at each SIGTERM and SIGINT. */
  onSignal(stop: () => void): void;
  /** Calls `reload` at each SIGHUP. */
  onReload(reload: () => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}
