import type { Markup } from "./html.ts";
import type { Comparison } from "./results.ts";

import { html } from "./html.ts";

type Row = Comparison["rows"][number];

/** A table that was made elsewhere: the best of a column is marked, and so is what meets its bound or does not. */
export function comparisonTable({ title, columns, rows }: Comparison): Markup {
  return html`<section>
    <h2>${title}</h2>
    <p class="note">★ marks the best of a column; ✓ and ✗ tell whether a bound is met.</p>
    <div class="scroll" role="region" aria-label="${title}" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map((column, index) => html`<th scope="col" class="${index === 0 ? "" : "number words"}">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, setting, cells }) =>
              html`<tr>
                <th scope="row">${name}<span class="runs">${setting}</span></th>
                ${cells.map(tableCell)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section> `;
}

function tableCell({ text, isBest, isMet }: Row["cells"][number]): Markup {
  const mark = isMet === undefined ? "" : isMet ? " ✓" : " ✗";
  const met = isMet === undefined ? "" : isMet ? "met" : "missed";
  return html`<td class="number ${met}">${isBest === true ? html`<b>★ ${text}</b>` : text}${mark}</td>`;
}
