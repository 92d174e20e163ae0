import type { FailureCode } from "./codes.ts";
import type { FailureRow } from "./table.ts";

import { failureCodes } from "./codes.ts";
import { heldBackStatus } from "./held-back.ts";
import { failureTable } from "./table.ts";

const retryWords: Readonly<Record<FailureRow["retry"], string>> = {
  never: "never",
  unsent: "any method, if no byte of the request was sent",
  elsewhere: "any method, if no byte of the request was sent, on another target only",
  idempotent: "idempotent methods (RFC 9110 §9.2.2), or with an Idempotency-Key the route opts into",
  stale: "once and silently, if the connection was a reused one and no byte of a response came",
};

const breakerWords: Readonly<Record<FailureRow["breaker"], string>> = {
  fail: "counts as a failure of the target",
  neutral: "not counted, neither as failure nor as success",
  none: "not concerned: no attempt was made",
  "full-timer": "counts as a failure of the target if the attempt had its full configured timer",
};

const againWords: Readonly<Record<FailureRow["again"], string>> = {
  yes: "yes",
  idempotent: "yes, if the request is idempotent",
  no: "no: the same request will fail the same way",
};

/** A row of the map as labels and words, for people. */
export function describeFailure(code: FailureCode): ReadonlyArray<readonly [label: string, text: string]> {
  const row = failureTable[code];
  return [
    ["status", statusWords(code)],
    ["Proxy-Status", proxyStatusWords(row)],
    ["caused by", row.source],
    ["says", row.detail],
    ["reason", row.reason],
    ["reference", row.reference],
    ["gateway repeats", retryWords[row.retry]],
    ["client may repeat", againWords[row.again]],
    ["breaker", breakerWords[row.breaker]],
    ...(carriesRetryAfter(row) ? [["Retry-After", "always: whole seconds, at least 1"] as const] : []),
    ...(row.close && row.status !== null ? [["connection", "closed after the answer"] as const] : []),
    ...(row.reserved ? [["reserved", "nothing produces it yet"] as const] : []),
  ];
}

/** docs/failures.md: the map as a table, then a section for each code. */
export function failureReference(): string {
  const rows = failureCodes.map((code) => tableRow(code, failureTable[code]));
  const table = ["| code | status | Proxy-Status | caused by | means |", "| --- | --- | --- | --- | --- |", ...rows];
  return [preface, table.join("\n"), ...failureCodes.map(section)].join("\n\n") + "\n";
}

const preface = `# Failures

Generated from gateway/failures/table.ts. Every way a request can fail has one row, one stable code and one status.
\`statuswise failures CODE\` prints a row; the code stands in the problem body, the log, the metrics and here.

- A gateway-made 500 is a bug in the gateway, and nothing else is one.
- 502 and 504 mean that the upstream was tried. 503 means that it was not, and always carries Retry-After.
- A gateway-made 4xx means that the upstream never got a complete request.
- Once response headers are out, a failure breaks the connection off: a cut body never looks whole.
- Every response carries Proxy-Status: with \`error\` the gateway made the answer, with \`received-status\` the upstream did.`;

function tableRow(code: FailureCode, row: FailureRow): string {
  const name = row.reserved ? `[${code}](#${code}) *reserved*` : `[${code}](#${code})`;
  const status = code === "upstream_error" ? "the upstream's" : (row.status ?? "–");
  return `| ${[name, status, row.proxyError ?? "–", row.source, row.title].join(" | ")} |`;
}

function section(code: FailureCode): string {
  const facts = describeFailure(code).map(([label, text]) => `- ${label}: ${text}`);
  return [`## ${code}`, `${failureTable[code].title}.`, facts.join("\n")].join("\n\n");
}

function statusWords(code: FailureCode): string {
  const row = failureTable[code];
  if (code === "upstream_error") return "the upstream's own, or the one it is translated to";
  if (row.status !== null) return String(row.status);
  const held = heldBackStatus[code];
  if (held !== undefined) return `none: the response is broken off; ${held} where it was held back to be read whole`;
  return row.source === "client" ? "none: nobody is left to answer; logged as 499" : "none: the response is broken off";
}

function proxyStatusWords({ proxyError, details, status }: FailureRow): string {
  if (proxyError === null) return "none";
  const parameters = details === null ? `error=${proxyError}` : `error=${proxyError}; details="${details}"`;
  return status === null ? `${parameters}, in the log alone` : parameters;
}

function carriesRetryAfter({ status }: FailureRow): boolean {
  return status === 503 || status === 429;
}
