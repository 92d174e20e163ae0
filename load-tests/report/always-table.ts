import type { Markup } from "./html.ts";
import type { ScenarioResult, ThresholdResult } from "./results.ts";

import { boundOf, isJudged, measured } from "./figures.ts";
import { html } from "./html.ts";

/** What every scenario must show besides its own: a row for each scenario, a column for each threshold. */
export function alwaysTable(scenarios: readonly ScenarioResult[]): Markup | undefined {
  const told = scenarios.map(({ name, thresholds }) => ({
    name,
    always: thresholds.filter(({ isAlways }) => isAlways),
  }));
  const columns = told.find(({ always }) => always.length > 0)?.always;
  if (columns === undefined) return undefined;
  return html`<section>
    <h2>In every scenario</h2>
    <div class="scroll" role="region" aria-label="In every scenario" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">scenario</th>
            ${columns.map((one) => html`<th scope="col" class="number words">${one.says}<span class="runs">${boundOf(one)}</span></th>`)}
          </tr>
        </thead>
        <tbody>
          ${told
            .filter(({ always }) => always.length > 0)
            .map(
              ({ name, always }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  ${always.map(judgedCell)}
                </tr> `,
            )}
        </tbody>
      </table>
    </div>
  </section> `;
}

/** A measured figure, and by sign, word and colour whether it meets its bound. */
export function judgedCell(one: ThresholdResult): Markup {
  if (!isJudged(one)) return html`<td class="number">${measured(one.median, one)}</td>`;
  const [kind, sign] = one.isMet ? ["met", "✓"] : ["missed", "✗"];
  return html`<td class="number ${kind}">
    ${measured(one.median, one)} <span aria-hidden="true">${sign}</span><span class="hidden">${kind}</span>
  </td>`;
}
