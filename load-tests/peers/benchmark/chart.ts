import type { BenchmarkResults, Cell, Figures } from "./results.ts";

import { short } from "./tables.ts";

const columns = 2;
const panelWidth = 440;
const gap = 20;
const margin = 20;
const titleHeight = 56;
const panelTitleHeight = 30;
const barHeight = 14;
const rowHeight = 21;
const labelWidth = 150;
const valueWidth = 64;
const noteHeight = 30;

/** Colours are of the page where it is light, and others where the reader's system is dark. */
const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.page { fill: #ffffff; stroke: #d1d9e0; }
.title { font-size: 15px; font-weight: 600; }
.panel { font-size: 13px; font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.other { fill: #8c959f; }
.own { fill: #0969da; }
.spread { stroke: #1f2328; stroke-width: 1; }
.axis { stroke: #d1d9e0; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .page { fill: #0d1117; stroke: #3d444d; }
  .note { fill: #9198a1; }
  .other { fill: #6e7681; }
  .own { fill: #4493f8; }
  .spread { stroke: #f0f6fc; }
  .axis { stroke: #3d444d; }
}`;

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** CPU time per unit: one panel for each cell, one bar for each subject, the gateway's in another colour. */
export function chartOf(results: BenchmarkResults): string {
  const cells = results.cells.filter(({ figures }) => figures.some(({ cpuMicroseconds }) => cpuMicroseconds));
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) =>
    cells.slice(row * columns, (row + 1) * columns),
  );
  const parts: string[] = [];
  let y = margin + titleHeight;
  for (const row of rows) {
    for (const [index, cell] of row.entries()) parts.push(panel(cell, { x: margin + index * (panelWidth + gap), y }));
    y += panelTitleHeight + Math.max(...row.map(({ figures }) => figures.length)) * rowHeight + gap;
  }
  const width = 2 * margin + columns * panelWidth + (columns - 1) * gap;
  const height = y + noteHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">CPU time per request through the gateway and through other proxies</title>
<style>${style}
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text class="title" x="${margin}" y="${margin + 14}">CPU time of the proxy, µs (less is better)</text>
<text class="note" x="${margin}" y="${margin + 34}">${escape(subtitleOf(results))}</text>
${parts.join("\n")}
<text class="note" x="${margin}" y="${height - margin}">The bar is the median of the rounds, the thin line their least and most. Each panel has its own scale.</text>
</svg>
`;
}

function subtitleOf({ machine, startedAt, mode }: BenchmarkResults): string {
  return `${machine["processor"]}, ${machine["cores"]} cores, ${startedAt.slice(0, 10)}, ${mode} run`;
}

function panel(cell: Cell, { x, y }: Corner): string {
  const most = Math.max(...cell.figures.map(({ cpuMicroseconds }) => cpuMicroseconds?.most ?? 0));
  const title = `${cell.title}, ${cell.connections.toLocaleString("en")} ${cell.connections === 1 ? "connection" : "connections"}`;
  const unit = cell.unit === "event" ? ", µs per event" : "";
  const bars = cell.figures.map((figures, index) =>
    bar(figures, most, { x, y: y + panelTitleHeight + index * rowHeight }),
  );
  const bottom = y + panelTitleHeight + cell.figures.length * rowHeight;
  return [
    `<text class="panel" x="${x}" y="${y + 14}">${escape(title + unit)}</text>`,
    `<line class="axis" x1="${x + labelWidth}" x2="${x + labelWidth}" y1="${y + panelTitleHeight - 6}" y2="${bottom}"/>`,
    ...bars,
  ].join("\n");
}

function bar({ subject, cpuMicroseconds: cost }: Figures, most: number, { x, y }: Corner): string {
  const left = x + labelWidth;
  const label = `<text x="${left - 8}" y="${y + 11}" text-anchor="end">${escape(subject)}</text>`;
  if (cost === undefined) return `${label}\n<text class="note" x="${left + 6}" y="${y + 11}">nothing answered</text>`;
  const scale = (panelWidth - labelWidth - valueWidth) / most;
  const at = (value: number): string => (value * scale).toFixed(1);
  const middle = y + barHeight / 2;
  const kind = /^gateway(?:@|$)/.test(subject) ? "own" : "other";
  const spread = `<line class="spread" x1="${(left + cost.least * scale).toFixed(1)}" x2="${(left + cost.most * scale).toFixed(1)}" y1="${middle}" y2="${middle}"/>`;
  return [
    label,
    `<rect class="${kind}" x="${left}" y="${y}" width="${at(cost.median)}" height="${barHeight}" rx="2"/>`,
    spread,
    `<text x="${(left + cost.most * scale + 6).toFixed(1)}" y="${y + 11}">${short(cost.median)}</text>`,
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
