import { STATUS_CODES } from "node:http";

import type { Source } from "./source.ts";

import { codeOf, findMatches } from "./source.ts";

const errors = Object.keys(STATUS_CODES).filter((status) => Number(status) >= 400);
// A constant whose name ends in a unit holds an amount of it.
const errorStatus = new RegExp(String.raw`(?<![\w.]|(?:Ms|Bytes) = )(?:${errors.join("|")})(?![\w.])`, "g");

/** Where such a number is no status that the gateway makes. Everything else has its number from the failure table. */
const otherMeanings: ReadonlyArray<{ readonly files: RegExp; readonly reason: string }> = [
  { files: /^gateway\/failures\//, reason: "the table itself" },
  { files: /^gateway\/demo\//, reason: "the sample upstream's own answers" },
  { files: /^gateway\/config\/schema/, reason: "what an operator may choose: invalidStatus, breaker statuses" },
];

/** Every 4xx or 5xx named in code where the gateway could be making it, as `path:line: number`. */
export function findStatuses(sources: readonly Source[]): readonly string[] {
  const watched = sources.filter(({ path }) => !otherMeanings.some(({ files }) => files.test(path)));
  return findMatches(watched, errorStatus, codeOf);
}
