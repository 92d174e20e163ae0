/** The gateway's own counts, as its metrics page tells them. */
export interface Counters {
  /** By code. */
  readonly requests: ReadonlyMap<string, number>;
  readonly sampledOut: ReadonlyMap<string, number>;
  readonly droppedLines: number;
}

export async function readCounters(adminPort: number): Promise<Counters> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return {
    requests: summed(text, "statuswise_requests_total", "code"),
    sampledOut: summed(text, "statuswise_log_sampled_out_total", "code"),
    droppedLines: summed(text, "statuswise_log_lines_dropped_total", "none").get("") ?? 0,
  };
}

function summed(text: string, name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [line] of text.matchAll(new RegExp(`^${name}[{ ].*$`, "gm"))) {
    const value = new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1] ?? "";
    sums.set(value, (sums.get(value) ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1)));
  }
  return sums;
}
