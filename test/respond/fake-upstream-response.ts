import type { BodySink, UpstreamAnswer } from "../../gateway/exchange/exchange.ts";

export interface AnswerParts {
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly proxyStatus?: string;
}

/** An upstream's answer whose body the test plays. */
export class FakeAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly proxyStatus: string | undefined;
  readonly #play: (sink: BodySink) => void;
  resumed = 0;
  onResume: () => void = () => {};

  constructor(parts: AnswerParts, play: (sink: BodySink) => void) {
    this.status = parts.status ?? 200;
    this.headers = parts.headers ?? [];
    this.proxyStatus = parts.proxyStatus;
    this.#play = play;
  }

  flow(sink: BodySink): void {
    this.#play(sink);
  }

  resume(): void {
    this.resumed++;
    this.onResume();
  }
}
