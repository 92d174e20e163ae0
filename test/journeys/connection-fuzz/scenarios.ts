import type { Scenario } from "./scenario.ts";
import type { Ending, Script, Step } from "./script.ts";

import { Dice } from "./dice.ts";
import { plainScenarios } from "./plain-scenarios.ts";
import { cutShort, inPieces, mutated, Steps } from "./script.ts";
import { upgradeScenarios } from "./upgrade-scenarios.ts";
import { uploadScenarios } from "./upload-scenarios.ts";

export interface Draw {
  /** The connection's number: its ids tell it. */
  readonly n: number;
  readonly random: () => number;
  /** Whether the listener has TLS. */
  readonly isSecure: boolean;
  /** Kinds to be played; all where it is empty. */
  readonly kinds: readonly string[];
}

const scenarios = [...plainScenarios, ...uploadScenarios, ...upgradeScenarios];
const endings: readonly Ending[] = ["reset", "reset", "fin", "fin", "fin-and-reset", "destroy", "destroy"];
/** So few, because the gateway has to be waited for. */
const patientShare = 0.02;

/** What the nth connection does. The same for the same stream of chance. */
export function drawScript({ n, random, isSecure, kinds }: Draw): Script {
  const dice = new Dice(random);
  if (isSecure && dice.chance(0.15)) return bareScript(dice);
  const scenario = dice.weighted(kinds.length === 0 ? scenarios : scenarios.filter(({ kind }) => kinds.includes(kind)));
  const isMutated = scenario.isExact !== true && dice.chance(0.1);
  let ids = 0;
  const nextId = (): string => `${isMutated ? "m" : "f"}-${n}-${ids++}`;
  const steps = scenario.draw({ dice, nextId });
  return {
    kind: scenario.kind,
    methods: steps.methods,
    isMutated,
    asksUpgrade: steps.asksUpgrade,
    expects: steps.expects,
    echo: steps.echo,
    isBare: false,
    steps: disturbed(steps.list, { dice, scenario, isMutated }),
    ending: dice.chance(patientShare) ? "patience" : endingOf(dice, isSecure),
    ...(isSecure && dice.chance(0.1) ? { abortsHandshakeMs: dice.between(0, 10) } : {}),
  };
}

function endingOf(dice: Dice, isSecure: boolean): Ending {
  return isSecure && dice.chance(0.2) ? "fin-without-notice" : dice.pick(endings);
}

interface Disturbance {
  readonly dice: Dice;
  readonly scenario: Scenario;
  readonly isMutated: boolean;
}

/** Changed, cut short at any point, with a FIN somewhere, in pieces: each at times. */
function disturbed(
  list: readonly Step[],
  { dice, scenario: { isExact = false }, isMutated }: Disturbance,
): readonly Step[] {
  let steps = isMutated ? mutated(list, dice) : list;
  if (dice.chance(0.3)) steps = cutShort(steps, dice, !isExact);
  if (dice.chance(0.1) && !isExact) steps = steps.toSpliced(dice.between(0, steps.length), 0, { act: "fin" });
  if (dice.chance(0.15)) steps = inPieces(steps, dice, dice.chance(0.7) ? [0] : [0, 0, 1, 3]);
  return steps;
}

const clientHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/** On a listener with TLS: bytes that are no TLS, or a beginning of it. */
function bareScript(dice: Dice): Script {
  const steps = new Steps();
  const kind = dice.random();
  if (kind < 0.3) steps.send(dice.bytes(dice.between(1, 400)));
  else if (kind < 0.5) steps.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  else if (kind < 0.8)
    steps.send(Buffer.concat([Buffer.from(clientHello, "latin1"), dice.bytes(dice.between(0, 500))]));
  if (dice.chance(0.5)) steps.pause(dice.between(0, 5));
  if (dice.chance(0.3)) steps.bytes();
  const ending = dice.chance(patientShare) ? "patience" : dice.pick(endings);
  const rest = { methods: [], isMutated: true, asksUpgrade: false, expects: false, echo: undefined, isBare: true };
  return { kind: "bare", steps: steps.list, ending, ...rest };
}
