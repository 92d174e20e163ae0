/**
 * A peer broke a rule of HTTP/1.1. `code` is the rule's name, which the log shows as the cause; the rules stand in
 * http1/rules.ts.
 */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: string;

  constructor(rule: string, text: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(text);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = rule;
  }
}
