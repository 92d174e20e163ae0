import type { Results, ScenarioResult, ThresholdResult } from "../report/results.ts";
import type { Tick } from "../stage/tick.ts";
import type { Piece, Screen, Style } from "./screen.ts";

import { boundOf, counted, digits, isJudged, measured, timeSpan } from "../report/figures.ts";
import { headline } from "../report/verdict-words.ts";
import { lineOf } from "./screen.ts";

const verdictStyles: Readonly<Record<ScenarioResult["verdict"], Style>> = {
  passed: "green",
  failed: "red",
  invalid: "yellow",
  skipped: "dim",
};
const eraseLine = "\r\u001B[2K";

/** Tells how the runs go: on a terminal one line that lives, elsewhere a line for each phase; verdicts below it. */
export class Display {
  readonly #screen: Screen;
  #title = "";
  #ticks: Tick[] = [];
  #atMs = 0;
  #isLive = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  remark(text: string): void {
    this.#print([[text, "dim"]]);
  }

  /** A run begins. */
  begin(title: string): void {
    this.#title = title;
    this.#ticks = [];
    this.#atMs = 0;
    if (this.#screen.isTerminal)
      this.#live([
        [title, "bold"],
        [" starting", "dim"],
      ]);
    else this.#print([[title, "bold"]]);
  }

  /** A second has passed. */
  tick(tick: Tick): void {
    if (tick.atMs < this.#atMs) this.#again();
    this.#atMs = tick.atMs;
    if (this.#screen.isTerminal) {
      this.#live([[this.#title, "bold"], [` ${digits(tick.atMs / 1000)} s`, "dim"], ...piecesOf(tick)]);
      return;
    }
    if (this.#ticks[0] !== undefined && this.#ticks[0].phase !== tick.phase) this.#endPhase();
    this.#ticks.push(tick);
  }

  /** The run is over. */
  end(): void {
    this.#endPhase();
    this.#clear();
  }

  /** The verdicts of one scenario: a line, and one for each threshold. */
  result(result: ScenarioResult): void {
    const { number, name, subject, verdict, reasons, thresholds, isReference } = result;
    const title = `${number === 0 ? "" : `${number} `}${name}`;
    this.#print([
      [verdict.padEnd(8), verdictStyles[verdict]],
      [title, "bold"],
      [`  ${subject}`, "dim"],
    ]);
    for (const reason of reasons) this.#print([[`         ${reason}`, "yellow"]]);
    for (const one of thresholds.filter(({ isAlways, isMet }) => !isAlways || !isMet)) {
      this.#print(thresholdPieces(one, { isInvalid: verdict === "invalid", isReference }));
    }
  }

  /** The table at the end, and where the files are. */
  summary(results: Results, files: readonly string[]): void {
    this.#print([]);
    const width = Math.max(8, ...results.scenarios.map(({ name }) => name.length));
    for (const { name, subject, verdict, thresholds, isReference } of results.scenarios) {
      const judged = thresholds.filter(isJudged);
      const met = judged.filter(({ isMet }) => isMet).length;
      const told = judged.length === 0 || verdict === "invalid" ? "" : `${met} of ${judged.length} met`;
      const style = isReference ? "dim" : verdictStyles[verdict];
      this.#print([
        [`  ${name.padEnd(width)}  `],
        [verdict.padEnd(8), style],
        [`${told}${isReference ? `  (${subject}, for comparison)` : ""}`, "dim"],
      ]);
    }
    this.#print([]);
    this.#print([
      [headline(results), verdictStyles[results.verdict]],
      [`  ${timeSpan(results.seconds)}, ${counted(results.runs, "run")} each`, "dim"],
    ]);
    for (const file of files) this.#print([[file, "dim"]]);
  }

  /** Time went back: the stage repeats a run whose generator was late. */
  #again(): void {
    this.#endPhase();
    this.#print([[`${this.#title}: once more, the load was not as it was meant to be`, "yellow"]]);
  }

  /** What a terminal does not show, the phase as a whole tells. */
  #endPhase(): void {
    const [first] = this.#ticks;
    if (first === undefined) return;
    const mean = (of: (tick: Tick) => number): number =>
      this.#ticks.reduce((sum, tick) => sum + of(tick), 0) / this.#ticks.length;
    const whole: Tick = {
      ...(this.#ticks.at(-1) ?? first),
      offered: mean(({ offered }) => offered),
      goodput: mean(({ goodput }) => goodput),
      shed: mean(({ shed }) => shed),
      p99Ms: Math.max(...this.#ticks.map(({ p99Ms }) => p99Ms)),
    };
    this.#ticks = [];
    this.#print([["        "], ...piecesOf(whole)]);
  }

  #live(pieces: readonly Piece[]): void {
    this.#screen.write(`${eraseLine}${lineOf(pieces, this.#screen, this.#screen.width() - 1)}`);
    this.#isLive = true;
  }

  #clear(): void {
    if (this.#isLive) this.#screen.write(eraseLine);
    this.#isLive = false;
  }

  #print(pieces: readonly Piece[]): void {
    this.#clear();
    this.#screen.write(`${lineOf(pieces, this.#screen)}\n`);
  }
}

/** The most telling first: a narrow terminal cuts the rest. */
function piecesOf({ phase, offered, goodput, shed, p99Ms, limit }: Tick): readonly Piece[] {
  const permits = limit.filter((one) => one > 0);
  return [
    [`  ${phase}`, "cyan"],
    ["  offered ", "dim"],
    [digits(offered)],
    ["  goodput ", "dim"],
    [digits(goodput), "green"],
    ["  shed ", "dim"],
    [digits(shed), shed > 0 ? "yellow" : "plain"],
    ["  p99 ", "dim"],
    [`${digits(p99Ms)} ms`],
    ...(permits.length === 0 ? [] : ([["  limit ", "dim"], [permits.map(digits).join(" ")]] as const)),
  ];
}

interface Standing {
  readonly isInvalid: boolean;
  readonly isReference: boolean;
}

/** What decides nothing is not coloured; what was not measured as it should be is not judged. */
function thresholdPieces(one: ThresholdResult, { isInvalid, isReference }: Standing): readonly Piece[] {
  const figure = `${one.says}: ${measured(one.median, one)}`;
  if (!isJudged(one) || isInvalid) return [["  seen   ", "dim"], [figure]];
  const style = isReference ? "dim" : one.isMet ? "green" : "red";
  return [[`  ${one.isMet ? "met   " : "missed"} `, style], [figure], [` (${boundOf(one)})`, "dim"]];
}
