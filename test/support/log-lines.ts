/** One log line as parsed; what it holds is asserted by whoever reads it. */
export type LogLine = Readonly<Record<string, unknown>>;

interface Awaited {
  readonly matches: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
}

/** The gateway's log, line by line, for tests to await. Serves as the log's destination. */
export class LogLines {
  readonly dropped = 0;
  readonly lines: LogLine[] = [];
  readonly #keeps: (line: LogLine) => boolean;
  #rest = "";
  #awaited: Awaited[] = [];

  /** Asked of each line as it comes; without it all are kept, which is too much for a test of many minutes. */
  constructor(keeps: (line: LogLine) => boolean = () => true) {
    this.#keeps = keeps;
  }

  /** Takes bytes as the log's destination does. */
  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#add(JSON.parse(line) as LogLine);
  }

  async close(): Promise<void> {}

  /** The first line that matches, whether it is there already or still to come. */
  async line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const known = this.lines.find(matches);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    this.#awaited.push({ matches, resolve });
    return promise;
  }

  /** The access line of one request. */
  async access(requestId: string): Promise<LogLine> {
    return this.line((line) => line["event"] === "request" && line["requestId"] === requestId);
  }

  /** The first access line with this code. */
  async accessWithCode(code: string): Promise<LogLine> {
    return this.line((line) => line["event"] === "request" && line["code"] === code);
  }

  /** All lines of one event and request. */
  of(event: string, requestId: unknown): readonly LogLine[] {
    return this.lines.filter((line) => line["event"] === event && line["requestId"] === requestId);
  }

  #add(line: LogLine): void {
    if (this.#keeps(line)) this.lines.push(line);
    this.#awaited = this.#awaited.filter((waiter) => {
      if (!waiter.matches(line)) return true;
      waiter.resolve(line);
      return false;
    });
  }
}
