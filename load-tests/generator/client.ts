import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Bucket, LoadResult } from "./load-result.ts";
import type { Order, Report } from "./message.ts";
import type { LoadPlan } from "./plan.ts";

export interface GenerateOptions {
  /** A phase begins now; it does not wait for whoever is told. */
  readonly onPhase?: (name: string, atMs: number) => void;
  /** Each quarter of a second. */
  readonly onBucket?: (bucket: Bucket) => void;
  /** Ends the load early: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Carries out a plan in a process of its own, on this very node. Rejects where nobody listens, or that process dies. */
export async function generate(plan: LoadPlan, options: GenerateOptions = {}): Promise<LoadResult> {
  options.signal?.throwIfAborted();
  // No arguments of this process: an inspector or a test runner of it is none of the generator's.
  const child = fork(main, { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const gone = Promise.withResolvers<void>();
  child.once("exit", gone.resolve).once("error", () => gone.resolve());
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
  const onAbort = (): void => reject(options.signal?.reason as Error);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  child.on("message", (report: Report) => hear(report, options, { resolve, reject }));
  child.once("error", reject);
  child.once("exit", () => reject(new Error("the load generator ended before its load did")));
  child.send({ plan } satisfies Order);
  try {
    return await promise;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    child.kill("SIGKILL");
    await gone.promise;
  }
}

interface Outcome {
  readonly resolve: (result: LoadResult) => void;
  readonly reject: (reason: Error) => void;
}

function hear(report: Report, options: GenerateOptions, { resolve, reject }: Outcome): void {
  if ("begun" in report) options.onPhase?.(report.begun, report.atMs);
  else if ("bucket" in report) options.onBucket?.(report.bucket);
  else if ("result" in report) resolve(report.result);
  else if ("failed" in report) reject(new Error(`the load could not begin: ${report.failed}`));
}
