import type { Markup } from "./html.ts";
import type { ScenarioResult, ThresholdResult } from "./results.ts";

import { boundOf, eachMeasured, isJudged, measured } from "./figures.ts";
import { html } from "./html.ts";
import { verdictBadge } from "./verdict-words.ts";

const lastNumber = 99;

/** Every scenario with its question, and every threshold with what was measured. Rows become blocks on small screens. */
export function verdictTable(scenarios: readonly ScenarioResult[]): Markup {
  return html`<table class="verdicts">
    <caption class="hidden">
      Verdict on every threshold
    </caption>
    <thead>
      <tr>
        <th scope="col">Threshold</th>
        <th scope="col" class="number">Measured</th>
        <th scope="col" class="number">Bound</th>
        <th scope="col">Verdict</th>
      </tr>
    </thead>
    ${scenarios.map(scenarioRows)}
  </table> `;
}

/** The scenario's number in the list of load-tests/README.md; tests beyond it have none, or one above its last. */
export function ordinal(number: number): Markup | undefined {
  return number === 0 || number > lastNumber ? undefined : html`<span class="ordinal">${number}</span> `;
}

/** Where a scenario's own section stands in gateway.ts. */
export function sectionId({ number, name }: Pick<ScenarioResult, "number" | "name">): string {
  return `scenario-${number}-${name.replaceAll(/[^\w-]/g, "-")}`;
}

function scenarioRows(scenario: ScenarioResult): Markup {
  const { number, name, question, verdict, reasons, thresholds } = scenario;
  const title = verdict === "skipped" ? html`${name}` : html`<a href="#${sectionId(scenario)}">${name}</a>`;
  const why = reasons.map((reason) => html`<span class="reason">${reason}</span>`);
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="3">${ordinal(number)}${title} <span class="question">${question}</span>${why}</th>
      <td>${verdictBadge(verdict)}</td>
    </tr>
    ${thresholds.filter(isShown).map((threshold) => thresholdRow(threshold, verdict === "invalid"))}
  </tbody> `;
}

/** What is asked of every scenario has a table of its own; here it stands only where it is missed. */
function isShown({ isAlways, isMet }: ThresholdResult): boolean {
  return !isAlways || !isMet;
}

/** What an invalid run has measured is shown, and judged by nobody. */
function thresholdRow(threshold: ThresholdResult, isInvalid: boolean): Markup {
  const { says, values, median } = threshold;
  const each = values.length > 1 ? html`<span class="runs">${eachMeasured(values, threshold)}</span>` : undefined;
  return html`<tr>
    <th scope="row">${says}</th>
    <td class="number" data-label="measured">${measured(median, threshold)}${each}</td>
    <td class="number" data-label="bound">${isJudged(threshold) ? boundOf(threshold) : "–"}</td>
    <td>${isInvalid ? verdictBadge("invalid", "not judged") : badgeOf(threshold)}</td>
  </tr> `;
}

function badgeOf(threshold: ThresholdResult): Markup {
  if (!isJudged(threshold)) return verdictBadge("skipped", "told");
  return threshold.isMet ? verdictBadge("passed", "met") : verdictBadge("failed", "missed");
}
