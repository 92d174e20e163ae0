import type { Chart, Line } from "./chart.ts";
import type { Markup } from "./html.ts";

import { drawChart } from "./chart.ts";
import { html } from "./html.ts";

const wide = { width: 900, height: 230 };
const narrow = { width: 360, height: 220 };

/** A chart with its heading and legend, drawn twice: the style sheet shows the one that fits the screen. */
export function figure(chart: Chart): Markup {
  return html`<figure>
    <figcaption>
      <strong>${chart.title}</strong> <span class="unit">${chart.yUnit}</span>
      <ul class="legend">
        ${chart.lines.map(legendEntry)}
      </ul>
    </figcaption>
    <div class="wide">${drawChart(chart, wide)}</div>
    <div class="narrow">${drawChart(chart, narrow)}</div>
  </figure> `;
}

function legendEntry({ name, kind }: Line): Markup {
  return html`<li>
    <svg class="swatch" viewBox="0 0 22 8" aria-hidden="true"><path class="line k-${kind}" d="M1 4H21" /></svg>${name}
  </li>`;
}
