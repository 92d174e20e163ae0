import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ProxyProcess } from "./proxy-process.ts";
import type { SubjectRecord } from "./results.ts";
import type { Subject } from "./subject.ts";

import { startChild } from "../child.ts";
import { DriverProcess } from "./driver-process.ts";
import { Unmet } from "./subject.ts";

/** A subject whose process listens. */
export interface Standing {
  readonly name: string;
  readonly kind: Subject["kind"];
  readonly proxy: ProxyProcess;
}

/** Everything that a run needs, each in a process of its own. Disposed, all processes and files are gone. */
export interface Stage extends AsyncDisposable {
  readonly driver: DriverProcess;
  readonly standing: readonly Standing[];
  /** Of all subjects, those that were skipped as well. */
  readonly records: readonly SubjectRecord[];
}

/** Starts the service, the load driver and the subjects. Subjects that are not installed are skipped, and `say` is told. */
export async function setStage(
  subjects: readonly Subject[],
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "statuswise-benchmark-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const service = stack.use(await startChild("service", [join(import.meta.dirname, "../upstream.ts")]));
  const driver = stack.use(new DriverProcess());
  const standing: Standing[] = [];
  const records: SubjectRecord[] = [];
  for (const [index, subject] of subjects.entries()) {
    signal.throwIfAborted();
    const { name, kind, setting } = subject;
    const place = { servicePort: service.port, folder: join(folder, String(index)) };
    await mkdir(place.folder);
    const started = await startOf(subject, place);
    if (typeof started === "string") {
      say(`skipped: ${name} (${started})`);
      records.push({ name, setting, version: "not installed", skipped: started });
      continue;
    }
    standing.push({ name, kind, proxy: stack.use(started) });
    records.push({ name, setting, version: subject.version() });
  }
  const owned = stack.move();
  return { driver, standing, records, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The subject's process, or why it is skipped. */
async function startOf(subject: Subject, place: Parameters<Subject["start"]>[0]): Promise<ProxyProcess | string> {
  const reason = subject.unmet();
  if (reason !== undefined) return reason;
  try {
    return await subject.start(place);
  } catch (error) {
    if (error instanceof Unmet) return error.message;
    throw new Error(`${subject.name} did not start: ${(error as Error).message}`, { cause: error });
  }
}
