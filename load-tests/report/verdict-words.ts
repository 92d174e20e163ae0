import type { Markup } from "./html.ts";
import type { Results, Verdict } from "./results.ts";

import { counted, isJudged } from "./figures.ts";
import { html } from "./html.ts";

const signs: Readonly<Record<Verdict, string>> = { passed: "✓", failed: "✗", invalid: "!", skipped: "–" };

/** The verdict as a word with its sign: colour only adds to it. */
export function verdictBadge(verdict: Verdict, word: string = verdict): Markup {
  return html`<span class="badge v-${verdict}"><span aria-hidden="true">${signs[verdict]}</span> ${word}</span>`;
}

/** The whole of the results in one sentence. */
export function headline({ verdict, scenarios }: Pick<Results, "verdict" | "scenarios">): string {
  const judged = scenarios.filter(({ isReference }) => !isReference);
  const thresholds = judged
    .filter((scenario) => scenario.verdict === "passed" || scenario.verdict === "failed")
    .flatMap((scenario) => scenario.thresholds)
    .filter(isJudged);
  const missed = thresholds.filter(({ isMet }) => !isMet).length;
  const invalid = judged.filter((scenario) => scenario.verdict === "invalid").length;
  if (verdict === "invalid") {
    const others = missed === 0 ? "" : `; ${missed} of ${counted(thresholds.length, "threshold")} missed in the others`;
    return `Invalid: ${counted(invalid, "scenario")} of ${judged.length} could not be measured${others}`;
  }
  if (verdict === "failed" && missed === 0) return "Failed: what was compared misses a demand";
  if (verdict === "failed") return `Failed: ${missed} of ${counted(thresholds.length, "threshold")} missed`;
  if (thresholds.length === 0) return "Passed: nothing was to be judged";
  return thresholds.length === 1 ? "Passed: the threshold is met" : `Passed: all ${thresholds.length} thresholds met`;
}
