import { seeded } from "../../support/seeded.ts";

import type { GatewayVitals } from "../../support/gateway-vitals.ts";
import type { SeenAnswer } from "./answer-stream.ts";
import type { Front } from "./config.ts";
import type { FuzzLedger } from "./ledger.ts";
import type { Place } from "./place.ts";
import type { Script } from "./script.ts";

import { AnswerStream } from "./answer-stream.ts";
import { FuzzClient } from "./fuzz-client.ts";
import { drawScript } from "./scenarios.ts";
import { describe } from "./script.ts";

export interface CrowdOptions {
  readonly connections: number;
  readonly atOnce: number;
  readonly seed: number;
  readonly front: Front;
  readonly kinds?: readonly string[];
  readonly only?: readonly number[];
  readonly place: Place;
  readonly ledger: FuzzLedger;
  readonly vitals: GatewayVitals;
  /** Called after each percent of the connections. */
  readonly report: (percent: number, played: number) => void;
}

const addresses = 200;
/** Connections that were over shortly before, which may have been the culprit as well. */
const recentlyOver = 50;
const shownSuspects = 15;

/** Plays the connections, so many at once, until all are over or the gateway has come to harm. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #numbers: Iterator<number>;
  readonly #underWay = new Map<number, Script>();
  readonly #patient = new Set<Promise<void>>();
  readonly #over: Array<readonly [n: number, script: Script]> = [];
  #suspects: ReadonlyArray<readonly [n: number, script: Script]> | undefined;
  #isOver = false;
  #played = 0;
  #refused = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
    const { only = [], connections } = options;
    this.#numbers = (only.length > 0 ? only : Array.from({ length: connections }, (_, n) => n)).values();
  }

  async play(): Promise<void> {
    const { atOnce, vitals } = this.#options;
    const harmed = this.#harmed(vitals);
    const lanes = Promise.all(Array.from({ length: atOnce }, () => this.#playLane()));
    await Promise.race([lanes, harmed]);
    await Promise.race([Promise.all(this.#patient), harmed]);
  }

  async #harmed({ failed }: GatewayVitals): Promise<void> {
    await failed;
    this.#suspect();
    this.#isOver = true;
  }

  get figures() {
    return { played: this.#played, refused: this.#refused, underWay: this.#underWay.size };
  }

  /** What was under way or just over when the gateway came to harm, for whoever has to find the culprit. */
  get suspects(): string {
    const suspects = this.#suspects ?? [];
    const shown = suspects.slice(0, shownSuspects).map(([n, script]) => `${n}: ${describe(script)}`);
    return [`FUZZ_ONLY=${suspects.map(([n]) => n).join()}`, ...shown].join("\n");
  }

  #suspect(): void {
    this.#suspects ??= [...this.#underWay, ...this.#over];
  }

  async #playLane(): Promise<void> {
    for (let next = this.#numbers.next(); next.done !== true && !this.#isOver; next = this.#numbers.next()) {
      const script = this.#draw(next.value);
      const played = this.#playOne(next.value, script);
      if (script.ending !== "patience") await played;
      else {
        this.#patient.add(played);
        void played.finally(() => this.#patient.delete(played));
      }
    }
  }

  #count(): void {
    const { connections, report } = this.#options;
    const before = Math.floor((100 * this.#played) / connections);
    this.#played += 1;
    const percent = Math.floor((100 * this.#played) / connections);
    if (percent > before) report(percent, this.#played);
  }

  #draw(n: number): Script {
    const { seed, front, kinds = [] } = this.#options;
    const random = seeded(seed ^ Math.imul(n + 1, 0x9e3779b1));
    return drawScript({ n, random, isSecure: front.isSecure, kinds });
  }

  async #playOne(n: number, script: Script): Promise<void> {
    const { ledger, place } = this.#options;
    const answers = new AnswerStream(this.#reading(n, script));
    const client = new FuzzClient(script, { place, from: `127.0.1.${(n % addresses) + 1}`, answers });
    this.#underWay.set(n, script);
    await client.play();
    this.#underWay.delete(n);
    this.#count();
    if (client.isRefused) {
      this.#refused += 1;
      this.#suspect();
    } else if (this.#over.push([n, script]) > recentlyOver) this.#over.shift();
    if (client.fault !== undefined) ledger.fault(`connection ${n}: ${client.fault}; ${describe(script)}`);
    if (!script.isMutated && answers.finals > mostAnswers(script)) {
      ledger.fault(`connection ${n}: ${answers.finals} answers; ${describe(script)}`);
    }
  }

  #reading(n: number, script: Script) {
    const { ledger } = this.#options;
    const own = new RegExp(`^(?:s?f-${n}-\\d+|[0-9a-f]{32})$`);
    let echoed = 0;
    return {
      methodOf: (nth: number) => script.methods[nth] ?? "GET",
      asksUpgrade: script.asksUpgrade || script.isMutated,
      expects: script.expects || script.isMutated,
      seen: (answer: SeenAnswer) => {
        if (!script.isMutated && !own.test(answer.requestId)) throw new Error(`an answer to ${answer.requestId}`);
        ledger.answered(answer);
      },
      tunnelled: (bytes: Buffer) => {
        if (script.echo === undefined) return;
        const sent = script.echo.subarray(echoed, echoed + bytes.length);
        if (!sent.equals(bytes)) throw new Error(`a tunnel brought back other bytes behind ${echoed}`);
        echoed += bytes.length;
      },
    };
  }
}

/** As many as there are request lines in what was sent, and one for bytes that made no request. */
function mostAnswers({ steps }: Script): number {
  const sent = Buffer.concat(steps.flatMap((step) => (step.act === "send" ? [step.bytes] : [])));
  return sent.toString("latin1").split(" HTTP/").length;
}
