import type { LogLine } from "../../support/log-lines.ts";
import type { SeenAnswer } from "./answer-stream.ts";

const maxKinds = 30;
const maxExamples = 2;

interface FaultKind {
  count: number;
  readonly examples: string[];
}

/** Sets what clients saw against what the gateway's log says of it. */
export class FuzzLedger {
  /** What went wrong, by what it says up to the first semicolon, numbers aside. */
  readonly #faults = new Map<string, FaultKind>();
  /** Final responses that clients have seen, by status. */
  readonly statuses = new Map<number, number>();
  /** Access lines by code. */
  readonly lines = new Map<string, number>();
  latePoisons = 0;
  readonly #told = new Set<string>();
  /** Ids that a client has seen, and no access line has told of yet. */
  readonly #untold = new Set<string>();

  fault(text: string): void {
    const kind = (text.split(";", 1)[0] ?? "").replaceAll(/\b[0-9a-f]{32}\b|\d+/g, "n");
    const known = this.#faults.get(kind) ?? { count: 0, examples: [] };
    if (this.#faults.size < maxKinds) this.#faults.set(kind, known);
    known.count += 1;
    if (known.examples.length < maxExamples) known.examples.push(text);
  }

  /** Empty where nothing went wrong. */
  get faults(): string {
    return [...this.#faults.values()].map(({ count, examples }) => `${count} × ${examples.join("\n    ")}`).join("\n");
  }

  /** Whatever goes wrong in `act` is a fault; the checks behind it are made all the same. */
  async check(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.fault(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  answered({ status, requestId, isLatePoison }: SeenAnswer): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (isLatePoison) this.latePoisons += 1;
    if (!this.#told.has(requestId)) this.#untold.add(requestId);
  }

  told(line: LogLine): void {
    if (line["event"] !== "request") return;
    const code = String(line["code"]);
    this.lines.set(code, (this.lines.get(code) ?? 0) + 1);
    const id = String(line["requestId"]);
    // Of a changed request the id may have been doubled.
    if (this.#told.has(id) && !id.startsWith("m-")) this.fault(`two access lines for ${id}: ${JSON.stringify(line)}`);
    this.#told.add(id);
    this.#untold.delete(id);
  }

  /** Answers that no line tells of. */
  get untold(): ReadonlySet<string> {
    return this.#untold;
  }

  get figures() {
    return {
      statuses: Object.fromEntries(this.statuses),
      codes: Object.fromEntries(this.lines),
      latePoisons: this.latePoisons,
    };
  }

  get lineCount(): number {
    return [...this.lines.values()].reduce((sum, count) => sum + count, 0);
  }
}
