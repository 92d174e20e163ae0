import type { Validity } from "./load-result.ts";

export interface Run {
  readonly lagP99Ms: number;
  readonly dropped: number;
  readonly offered: number;
}

const maxLagP99Ms = 5;
const maxDroppedShare = 0.001;

/** Whether the generator kept its own schedule. If not, the run says something about the generator alone. */
export function judge({ lagP99Ms, dropped, offered }: Run): Validity {
  const reasons: string[] = [];
  if (offered === 0) reasons.push("no request was due");
  if (lagP99Ms > maxLagP99Ms) {
    reasons.push(
      `1 % of the requests were written ${lagP99Ms.toFixed(1)} ms or more after they were due; ${maxLagP99Ms} ms are allowed`,
    );
  }
  if (dropped > offered * maxDroppedShare) {
    reasons.push(`${dropped} of ${offered} requests were due and never written; 0.1 % are allowed`);
  }
  return { isValid: reasons.length === 0, reasons, lagP99Ms, dropped, offered };
}
