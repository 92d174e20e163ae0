/** A connection ended before the message on it was complete: with FIN, or by an error that its cause names. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  readonly by: "fin" | "error";

  constructor(by: "fin" | "error", cause?: unknown) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(by === "fin" ? "closed by FIN" : "closed by an error", cause === undefined ? undefined : { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.by = by;
  }
}
