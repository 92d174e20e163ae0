import type { Finding } from "../config/finding.ts";
import type { LoadResult } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { EventLog } from "../observe/log.ts";
import type { Observer } from "../observe/observer.ts";
import type { SchemaFinding } from "../validate/schema-finding.ts";
import type { RouteValidator } from "../validate/validate.ts";

import { freeze } from "../config/draft.ts";
import { placeRemark } from "../config/schema-finding.ts";
import { compileSchemas } from "../validate/schemas.ts";

/** A configuration that is ready to be put in force, with what there is to say of it. */
export interface Prepared {
  readonly config: Config;
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly warnings: readonly Finding[];
  readonly remarks: readonly SchemaFinding[];
  readonly misalignments: readonly Finding[];
}

/** Why a configuration is not put in force: all that is wrong with it. */
interface Refused {
  readonly findings: readonly Finding[];
}

/** The latest reload, as /status shows it. */
export interface ReloadRecord {
  readonly time: Date;
  /** `success`: it is in force. `failure`: the last good one still is. */
  readonly outcome: "success" | "failure";
  readonly findings: readonly Finding[];
}

/** Compiles a configuration that was loaded while `running` is in force. Nothing of what runs is touched. */
function prepare(result: LoadResult, { running, mayMove = false }: ReloadOptions): Prepared | Refused {
  if (!("config" in result)) return { findings: result.findings };
  const { validators, findings: remarks } = compileSchemas(result.config);
  if (remarks.some(isError)) return { findings: [...result.warnings, ...remarks.map(placeRemark)] };
  const { config, kept } = keepPlace(result.config, running, mayMove);
  const [file = ""] = result.files;
  const stays = kept.map((pointer) => placeRemark({ file, pointer, severity: "warning", message: needsRestart }));
  return { config, validators, warnings: [...result.warnings, ...stays], remarks, misalignments: result.misalignments };
}

const needsRestart = "is not changed by a reload: it takes a restart, and until then stays as it was";

type Pair = readonly [pointer: string, next: unknown, running: unknown];

/** What a listener is from its beginning: a socket stays where it is, and TLS or not. */
function listenerPlace(next: Config, running: Config): readonly Pair[] {
  const { listen } = running;
  return [
    ["/workers", next.workers, running.workers],
    ["/listen/host", next.listen.host, listen.host],
    ["/listen/port", next.listen.port, listen.port],
    ["/listen/tls", next.listen.tls === undefined, listen.tls === undefined],
    ["/listen/tls/clientCa", next.listen.tls?.clientCa === undefined, listen.tls?.clientCa === undefined],
  ];
}

function isChanged([, next, running]: Pair): boolean {
  return next !== running;
}

/** Whether one follows the other without a new listener. */
export function isSamePlace(next: Config, running: Config): boolean {
  return !listenerPlace(next, running).some(isChanged);
}

interface Kept {
  readonly config: Config;
  readonly kept: readonly string[];
}

function keepPlace(next: Config, running: Config, mayMove: boolean): Kept {
  const { admin, listen, workers } = running;
  const adminPlace: readonly Pair[] = [
    ["/admin/host", next.admin.host, admin.host],
    ["/admin/port", next.admin.port, admin.port],
  ];
  const pairs = [...(mayMove ? [] : listenerPlace(next, running)), ...adminPlace];
  const kept = pairs.filter(isChanged).map(([pointer]) => pointer);
  if (mayMove) return { kept, config: freeze({ ...next, admin }) };
  const tls = kept.some((pointer) => pointer.startsWith("/listen/tls")) ? listen.tls : next.listen.tls;
  const { host, port } = listen;
  return { kept, config: freeze({ ...next, workers, admin, listen: { ...next.listen, host, port, tls } }) };
}

export interface ReloadOptions {
  /** The configuration in force. */
  readonly running: Config;
  readonly observer: Pick<Observer, "log" | "report">;
  /** There can be a new listener: the processes that have it are replaced. */
  readonly mayMove?: boolean;
  /** Throws where it is not in force after all; then the last one is. */
  readonly putInForce: (prepared: Prepared) => void;
}

/** Of a reload's findings /status keeps so many; the log has them all. */
const maxFindingsKept = 100;

/** Reloads, whatever comes of it, and tells the log and the metrics. Never throws. */
export function reload(result: LoadResult, options: ReloadOptions): ReloadRecord {
  const findings = attemptReload(result, options);
  const outcome = findings.some(isError) ? "failure" : "success";
  options.observer.report({ event: "reload", outcome, findings: findings.length });
  return { time: new Date(), outcome, findings: findings.slice(0, maxFindingsKept) };
}

function attemptReload(result: LoadResult, options: ReloadOptions): readonly Finding[] {
  const { log } = options.observer;
  try {
    const prepared = prepare(result, options);
    if ("findings" in prepared) {
      logFindings(log, prepared.findings);
      return prepared.findings;
    }
    options.putInForce(prepared);
    logFindings(log, prepared.warnings);
    logRemarks(log, prepared);
    return [...prepared.warnings, ...prepared.remarks.map(placeRemark), ...prepared.misalignments];
  } catch (err) {
    // A file that went while it was read, or a fault of ours.
    log.error({ event: "reload_error", err });
    const [file = ""] = result.files;
    return [{ file, line: 0, column: 0, path: "", severity: "error", message: "cannot be put in force" }];
  }
}

/** Tells the log of each finding of a reload. */
function logFindings(log: EventLog, findings: readonly Finding[]): void {
  for (const { file, line, column, path: key, severity, message: finding, hint } of findings) {
    const level = severity === "error" ? "error" : "warn";
    log[level]({ event: "reload_finding", file, line, column, key, finding, hint });
  }
}

/** Tells the log what a configuration that is put in force has to be said of, at a start as at a reload. */
export function logRemarks(
  log: EventLog,
  { remarks, misalignments }: Pick<Prepared, "remarks" | "misalignments">,
): void {
  for (const { file, pointer, message } of remarks) {
    log.warn({ event: "schema_finding", file, pointer, finding: message });
  }
  for (const { file, line, column, path: key, message: finding, hint } of misalignments) {
    log.warn({ event: "alignment", file, line, column, key, finding, hint });
  }
}

export function isError({ severity }: Pick<Finding, "severity">): boolean {
  return severity === "error";
}
