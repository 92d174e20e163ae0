import type { BenchmarkResults } from "./results.ts";

import { markdownOf, tablesOf } from "./tables.ts";

export const begin = "<!-- benchmark:begin, written by npm run benchmark -- --publish -->";
export const end = "<!-- benchmark:end -->";

/** The page with the text between its marks replaced by these results. Throws an Error if it has no marks. */
export function pageWith(page: string, results: BenchmarkResults): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page lacks its marks: ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${sectionOf(results)}\n\n${page.slice(to)}`;
}

/** Machine, versions, date and method, the chart and all tables, as Markdown. */
function sectionOf(results: BenchmarkResults): string {
  return [
    factsOf(results),
    "![CPU time per request through the gateway and through other proxies](performance.svg)",
    ...tablesOf(results).map(markdownOf),
    errorsOf(results),
  ].join("\n\n");
}

function factsOf({ machine, method, subjects, mode, startedAt, command }: BenchmarkResults): string {
  const lines = [
    `- Date: ${startedAt.slice(0, 10)}, a ${mode} run by \`${command}\``,
    `- Machine: ${machine["processor"]}, ${machine["cores"]} cores, ${machine["memory"]}, ${machine["system"]}; load average before the run: ${machine["load"]}`,
    `- Node: ${machine["node"]}, for all of the npm proxies, the gateway, the service and the load driver`,
    `- Method: ${method.rounds} rounds of ${method.sliceMs} ms for each cell, after ${method.warmUpMs} ms of warm-up; ${method.isFresh ? "each round on processes of its own" : "all rounds on the same processes"}`,
  ];
  const table = ["| subject | version | switched on |", "| --- | --- | --- |"];
  for (const { name, version, setting, skipped } of subjects) {
    table.push(`| ${name} | ${skipped === undefined ? version : `skipped: ${skipped}`} | ${setting} |`);
  }
  return [...lines, "", ...table].join("\n");
}

/** Whether all was answered as it should be. */
export function errorsOf({ cells }: BenchmarkResults): string {
  const failed = cells.flatMap(({ title, connections, figures }) =>
    figures
      .filter(({ errors }) => errors > 0)
      .map(
        ({ subject, errors, messages }) => `${subject}, ${title} @${connections}: ${errors} (${messages.join("; ")})`,
      ),
  );
  if (failed.length === 0) return "Refusals and errors: 0. Every answer had the expected status and length.";
  return `ERRORS, the run does not count:\n${failed.map((line) => `- ${line}`).join("\n")}`;
}
