import type { Axis } from "./axis.ts";
import type { Markup } from "./html.ts";

import { placeOn } from "./axis.ts";
import { digits } from "./figures.ts";
import { html } from "./html.ts";

/** A line chart, as data: what is drawn, not how large. */
export interface Chart {
  /** Unique in gateway.ts; ids of the drawing's own begin with it. */
  readonly id: string;
  readonly title: string;
  /** What somebody hears who does not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly xUnit?: string;
  readonly yUnit: string;
  /** The first lies on top. */
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
}

export interface Line {
  readonly name: string;
  /** Names a colour and a dash of style.ts. */
  readonly kind: string;
  /** Gaps are where y is null. */
  readonly points: ReadonlyArray<readonly [x: number, y: number | null]>;
  /** Holds its value until the next point. */
  readonly isStep?: boolean;
  readonly hasDots?: boolean;
}

/** A stretch of the x axis with a name: a phase. */
export interface Band {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const margin = { top: 24, right: 26, bottom: 30, left: 50 };
/** A little more than a letter of the chart's font takes, on the average. */
const letterWidth = 6.8;

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  x(value: number): number;
  y(value: number): number;
}

/** The chart at one size. Text keeps its size in the drawing's own units, so a small screen takes a drawing of its own. */
export function drawChart(chart: Chart, { width, height }: Size): Markup {
  const plot = plotOf(chart, { width, height });
  const id = `${chart.id}-${width}`;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${chart.title}</title>
    <desc id="${id}-d">${chart.description}</desc>
    ${drawBands(chart.bands ?? [], plot)}${drawAxes(chart, plot)}${chart.lines.toReversed().map((line) => drawLine(line, plot))}
  </svg>`;
}

function plotOf(chart: Chart, { width, height }: Size): Plot {
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  return {
    left,
    right,
    top,
    bottom,
    x: (value) => round(left + placeOn(chart.x, value) * (right - left)),
    y: (value) => round(bottom - placeOn(chart.y, value) * (bottom - top)),
  };
}

/** Names where most of them fit, else the numbers that the table of phases has. */
function drawBands(bands: readonly Band[], plot: Plot): Markup {
  const fits = ({ name, from, to }: Band): boolean => name.length * letterWidth <= plot.x(to) - plot.x(from);
  const isNamed = 2 * bands.filter(fits).length > bands.length;
  return html`${bands.map((band, index) => {
    const [left, right] = [plot.x(band.from), plot.x(band.to)];
    const shade = html`<rect
      class="band"
      x="${left}"
      y="${plot.top}"
      width="${round(right - left)}"
      height="${plot.bottom - plot.top}"
    />`;
    const label = html`<text class="band-name" x="${round((left + right) / 2)}" y="${plot.top - 8}" text-anchor="middle"
      >${isNamed ? (fits(band) ? band.name : "") : index + 1}</text
    >`;
    return html`${index % 2 === 1 ? shade : undefined}${label}`;
  })}`;
}

function drawAxes({ x, y, xUnit }: Chart, plot: Plot): Markup {
  const rows = y.ticks.map((tick) => {
    const at = plot.y(tick);
    return html`<line
        class="${tick === y.from ? "axis" : "grid"}"
        x1="${plot.left}"
        x2="${plot.right}"
        y1="${at}"
        y2="${at}"
      /><text x="${plot.left - 8}" y="${at + 4}" text-anchor="end">${digits(tick)}</text>`;
  });
  const columns = thinned(x.ticks, plot).map(
    (tick) =>
      html`<text x="${plot.x(tick)}" y="${plot.bottom + 18}" text-anchor="middle"
        >${digits(tick)}${tick === 0 && xUnit !== undefined ? ` ${xUnit}` : ""}</text
      >`,
  );
  return html`${rows}${columns}`;
}

/** Every second tick, or every fourth, where they would run into each other. */
function thinned(ticks: readonly number[], plot: Plot): readonly number[] {
  const [first = 0, second = 0] = ticks;
  const widest = Math.max(...ticks.map((tick) => digits(tick).length), 4) * letterWidth + 10;
  const gap = Math.max(1, plot.x(second) - plot.x(first));
  const every = 2 ** Math.max(0, Math.ceil(Math.log2(widest / gap)));
  return ticks.filter((_, index) => index % every === 0);
}

function drawLine({ kind, points, isStep, hasDots }: Line, plot: Plot): Markup {
  let path = "";
  let isDown = false;
  let lastY = 0;
  for (const [x, y] of points) {
    if (y === null) {
      isDown = false;
      continue;
    }
    const [px, py] = [plot.x(x), plot.y(y)];
    if (isStep === true && isDown && py !== lastY) path += `H${px}V${py}`;
    else path += `${isDown ? "L" : "M"}${px} ${py}`;
    isDown = true;
    lastY = py;
  }
  const dots = hasDots === true ? points.filter((point): point is readonly [number, number] => point[1] !== null) : [];
  return html`<path
      class="line k-${kind}"
      d="${path}"
    />${dots.map(([x, y]) => html`<circle class="dot k-${kind}" cx="${plot.x(x)}" cy="${plot.y(y)}" r="3" />`)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
