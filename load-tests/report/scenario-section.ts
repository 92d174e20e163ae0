import type { Markup } from "./html.ts";
import type { PhaseRow, ScenarioResult, ThresholdResult } from "./results.ts";

import { judgedCell } from "./always-table.ts";
import { figure } from "./figure.ts";
import { boundOf, digits, milliseconds, share } from "./figures.ts";
import { html } from "./html.ts";
import { subjectsChart, sweepChart, timeCharts } from "./scenario-charts.ts";
import { ordinal, sectionId } from "./verdict-table.ts";
import { verdictBadge } from "./verdict-words.ts";

/** One scenario: its question, its charts, its phases, and the subjects beside it where there are any. */
export function scenarioSection(result: ScenarioResult, references: readonly ScenarioResult[]): Markup {
  const id = sectionId(result);
  const all = [result, ...references];
  const charts = [sweepChart(all, id), ...timeCharts(result, id), subjectsChart(all, id)];
  const drawn = charts.filter((chart) => chart !== undefined);
  const { number, name, verdict, question, subject, setting, capacity } = result;
  const measure = capacity === null ? "" : ` A load of 1 × is ${digits(capacity)} requests per second.`;
  return html`<section id="${id}" aria-labelledby="${id}-h">
    <h2 id="${id}-h">${ordinal(number)}${name} ${verdictBadge(verdict)}</h2>
    <p class="lead">${question}</p>
    <p class="note">${subject}${setting === "" ? "" : `, ${setting}`}.${measure}</p>
    ${drawn.map(figure)}${phaseTable(result)}${references.length === 0 ? undefined : subjectTable(all)}
  </section> `;
}

function phaseTable({ name, phases }: ScenarioResult): Markup | undefined {
  if (phases.length === 0) return undefined;
  return html`<div class="scroll" role="region" aria-label="Phases of ${name}" tabindex="0">
    <table>
      <caption>
        Phases
      </caption>
      <thead>
        <tr>
          <th scope="col" class="ordinal">#</th>
          <th scope="col">phase</th>
          ${["seconds", "offered/s", "goodput/s", "good", "shed", "failed", "p50", "p99"].map((title) => html`<th scope="col" class="number">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${phases.map(phaseRow)}
      </tbody>
    </table>
  </div> `;
}

function phaseRow(phase: PhaseRow, index: number): Markup {
  const { name, seconds, offered, good, shed, failed, p50Ms, p99Ms } = phase;
  const cells = [
    digits(seconds),
    digits(offered / seconds),
    digits(good / seconds),
    share(good, offered),
    share(shed, offered),
    share(failed, offered),
    milliseconds(p50Ms),
    milliseconds(p99Ms),
  ];
  return html`<tr>
    <td class="ordinal">${index + 1}</td>
    <th scope="row">${name}</th>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
  </tr> `;
}

/** One column for each threshold: what each subject would have got. */
function subjectTable(results: readonly ScenarioResult[]): Markup {
  const [first] = results;
  const thresholds = own(first?.thresholds ?? []);
  return html`<div class="scroll" role="region" aria-label="Subjects compared in ${first?.name ?? ""}" tabindex="0">
    <table>
      <caption>
        Beside others, on the same simulated services
      </caption>
      <thead>
        <tr>
          <th scope="col">subject</th>
          ${thresholds.map((threshold) => html`<th scope="col" class="number words">${threshold.says}<span class="runs">${boundOf(threshold)}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${results.map((result) => subjectRow(result, thresholds.length))}
      </tbody>
    </table>
  </div> `;
}

function own(thresholds: readonly ThresholdResult[]): readonly ThresholdResult[] {
  return thresholds.filter(({ isAlways }) => !isAlways);
}

function subjectRow({ subject, setting, thresholds, verdict, reasons }: ScenarioResult, columns: number): Markup {
  const cells =
    verdict === "skipped" || verdict === "invalid"
      ? [html`<td colspan="${columns}">${verdictBadge(verdict)} ${reasons.join("; ")}</td>`]
      : own(thresholds).map(judgedCell);
  return html`<tr>
    <th scope="row">${subject}<span class="runs">${setting}</span></th>
    ${cells}
  </tr> `;
}
