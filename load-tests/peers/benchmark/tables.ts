import type { BenchmarkResults, Cell, Figures } from "./results.ts";

import { basesOf } from "./results.ts";

/** Text in rows and columns; the first column is the row's name. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

const none = "–";

/** A workload's name in a column: a GET over several numbers of connections has a column for each. */
function headingOf({ title, connections }: Cell): string {
  return `${title} @${connections}`;
}

/** All tables: cost, ratios, throughput, latency. Rows are subjects, columns are workloads at so many connections. */
export function tablesOf(results: BenchmarkResults): readonly Table[] {
  const names = namesOf(results);
  const table = (title: string, say: (figures: Figures) => string): Table => {
    const cellText = (name: string, { figures }: Cell): string => {
      const own = figures.find(({ subject }) => subject === name);
      return own === undefined ? none : say(own);
    };
    return {
      title,
      columns: ["", ...results.cells.map(headingOf)],
      rows: names.map((name) => [name].concat(results.cells.map((cell) => cellText(name, cell)))),
    };
  };
  const ratioTables = basesOf(names).map((base) =>
    table(`CPU time, times that of ${base}`, (one) => ratioText(one, base)),
  );
  return [
    table("CPU time, µs per request, or per event of a stream: median (least to most)", costText),
    ...ratioTables,
    table("Throughput, requests or events per second (busy: share of one core that the proxy used)", rateText),
    table("Latency, ms: p50 / p99; of a stream, from the service's write of an event to its receipt", latencyText),
  ];
}

/** The subjects that were measured. */
function namesOf({ subjects }: BenchmarkResults): readonly string[] {
  return subjects.filter(({ skipped }) => skipped === undefined).map(({ name }) => name);
}

function costText({ cpuMicroseconds: cost, errors }: Figures): string {
  const failed = errors > 0 ? ` (${errors} errors)` : "";
  if (cost === undefined) return `nothing answered${failed}`;
  return `${short(cost.median)} (${short(cost.least)} to ${short(cost.most)})${failed}`;
}

function ratioText({ subject, ratios }: Figures, base: string): string {
  if (subject === base) return "1";
  const ratio = ratios[base];
  return ratio === undefined ? none : `${ratio.toFixed(2)} ×`;
}

function rateText({ perSecond, busy }: Figures): string {
  if (perSecond === undefined || busy === undefined) return none;
  return `${Math.round(perSecond.median).toLocaleString("en")} (${Math.round(busy * 100)} %)`;
}

function latencyText({ p50Ms, p99Ms }: Figures): string {
  return p50Ms === undefined || p99Ms === undefined ? none : `${short(p50Ms.median)} / ${short(p99Ms.median)}`;
}

/** Three digits that mean something, as far as there are. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** For a terminal: names on the left, figures on the right. */
export function textOf({ title, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join("  ")
      .trimEnd();
  return [title, line(columns), ...rows.map(line)].join("\n");
}

export function markdownOf({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = line(columns.map((_, index) => (index === 0 ? "---" : "---:")));
  return [`${title}:`, "", line(columns), rule, ...rows.map(line)].join("\n");
}
