import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** Where figures come from: without it they say nothing. In words, for a report. */
export function thisMachine(): Readonly<Record<string, string>> {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: String(availableParallelism()),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
