import type { Markup } from "./html.ts";
import type { Results, ScenarioResult } from "./results.ts";

import { alwaysTable } from "./always-table.ts";
import { comparisonTable } from "./comparison-table.ts";
import { counted, timeSpan } from "./figures.ts";
import { html } from "./html.ts";
import { scenarioSection } from "./scenario-section.ts";
import { styleSheet } from "./style.ts";
import { headline, verdictBadge } from "./verdict-words.ts";
import { verdictTable } from "./verdict-table.ts";

/** report.html: one file that needs nothing from outside and no script. */
export function reportPage(results: Results): string {
  const own = results.scenarios.filter(({ isReference }) => !isReference);
  const [word = "", ...rest] = headline(results).split(": ");
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${headline(results)} – statuswise load test</title>
        <style>
          ${styleSheet}
        </style>
      </head>
      <body>
        <main>
          <header>
            <p class="eyebrow">statuswise load test</p>
            <h1>${verdictBadge(results.verdict, word)} ${rest.join(": ")}</h1>
            <p class="lead">${summary(results, own)}</p>
          </header>
          ${verdictTable(own)}${facts(results)}
          ${alwaysTable(own)}${results.comparisons.map(comparisonTable)}${own.filter(({ verdict }) => verdict !== "skipped").map((scenario) => scenarioSection(scenario, referencesOf(scenario, results)))}
          ${howToRead}
        </main>
      </body>
    </html> `;
  return page.markup;
}

function summary({ mode, runs, seconds, startedAt }: Results, own: readonly ScenarioResult[]): string {
  const judged = runs === 1 ? "one run each" : `medians of ${runs} runs`;
  return `${counted(own.length, "scenario")} (${mode}), ${judged}, ${timeSpan(seconds)}, ${startedAt.slice(0, 10)}.`;
}

function referencesOf({ name }: ScenarioResult, { scenarios }: Results): readonly ScenarioResult[] {
  return scenarios.filter((other) => other.isReference && other.name === name);
}

function facts({ startedAt, command, seed, scale, machine }: Results): Markup {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["date", startedAt.replace("T", " ").replace(/\.\d+Z$|Z$/, " UTC")],
    ["command", command],
    ["seed", String(seed)],
    ...(scale === 1 ? [] : [["scale", `phases ${scale} × as long as asked for: judge with care`] as const]),
    ...Object.entries(machine),
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl> `;
}

const howToRead = html`<footer>
  <h2>How to read this</h2>
  <p>
    <b>Offered</b> is what clients intended to send; they come whether or not answers do (an open loop).
    <b>Goodput</b> is what was answered 2xx, whole and within the client’s deadline. <b>Shed</b> was refused with 503 or
    429; <b>failed</b> is whatever was late, broken off or refused otherwise. Latencies count from the moment a request
    was due, so that a stalled server cannot hide behind requests that were never sent; p99 in a chart is the worst
    quarter of a second within each point.
  </p>
  <p>
    A run is invalid if the generator itself was late (p99 over 5 ms) or dropped more than 0.1 %: then it says nothing
    about the gateway. Ratios are within one run, mostly against its 0.5 × phase, and travel to other machines;
    milliseconds do not.
  </p>
</footer>`;
