import type { FailureCode } from "../failures/codes.ts";
import type { Terminal } from "./terminal.ts";

import { nearestName } from "../config/nearest.ts";
import { failureCodes } from "../failures/codes.ts";
import { describeFailure } from "../failures/describe.ts";
import { failureTable } from "../failures/table.ts";
import { columns, paint, wrap } from "./terminal.ts";

const textWidth = 76;

/** Prints the failure map, or one row of it in words. Answers the exit code: 0, or 2 for a code that is none. */
export function failures(code: string | undefined, terminal: Terminal): number {
  if (code === undefined) return printMap(terminal);
  const known = failureCodes.find((name) => name === code);
  if (known !== undefined) return printRow(known, terminal);
  const meant = nearestName(code, failureCodes);
  const hint = meant === undefined ? "`statuswise failures` prints them all" : `did you mean '${meant}'?`;
  terminal.error(`statuswise: no failure has the code '${code}'; ${hint}`);
  return 2;
}

function printMap(terminal: Terminal): number {
  const rows = failureCodes.map((code) => {
    const { status, source, proxyError, title, reserved } = failureTable[code];
    return [code, String(status ?? "–"), source, proxyError ?? "–", reserved ? `${title} (reserved)` : title];
  });
  const [head = [], ...body] = columns([["CODE", "STATUS", "CAUSED BY", "PROXY-STATUS", "MEANS"], ...rows]);
  terminal.out(paint(head.join("  "), "bold", terminal));
  for (const [code = "", status = "", ...rest] of body) {
    const lead = [paint(code, "cyan", terminal), paint(status, styleOf(status), terminal)];
    terminal.out([...lead, ...rest].join("  "));
  }
  terminal.out(`\n${paint("statuswise failures CODE", "bold", terminal)} tells one in full.`);
  return 0;
}

function printRow(code: FailureCode, terminal: Terminal): number {
  terminal.out(`${paint(code, "cyan", terminal)}  ${paint(failureTable[code].title, "bold", terminal)}\n`);
  const facts = describeFailure(code);
  const indent = Math.max(...facts.map(([label]) => label.length)) + 2;
  for (const [label, text] of facts) {
    const [first = "", ...rest] = wrap(text, textWidth);
    terminal.out(`  ${paint(label.padEnd(indent), "dim", terminal)}${first}`);
    for (const line of rest) terminal.out(`  ${" ".repeat(indent)}${line}`);
  }
  return 0;
}

/** What is the client's in yellow, what is not in red. */
function styleOf(status: string): "red" | "yellow" | "dim" {
  if (status.startsWith("4")) return "yellow";
  return status.startsWith("5") ? "red" : "dim";
}
