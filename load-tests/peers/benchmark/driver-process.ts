import type { ChildProcess } from "node:child_process";
import type { Slice, SliceOrder } from "./slice.ts";

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The load driver as a process of its own, so that its CPU time is not the proxy's, nor that of who reports. */
export class DriverProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(import.meta.dirname, "../load-driver.ts"), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  }

  /** One at a time. Throws if the driver ends, or the signal's reason if it aborts. */
  async run(order: SliceOrder, signal: AbortSignal): Promise<Slice> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Slice>();
    const onMessage = (message: unknown): void => resolve(message as Slice);
    const onExit = (): void => reject(new Error("the load driver ended"));
    const onAbort = (): void => reject(signal.reason as Error);
    this.#child.once("message", onMessage).once("exit", onExit);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#child.send(order);
    try {
      return await promise;
    } finally {
      this.#child.off("message", onMessage).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
