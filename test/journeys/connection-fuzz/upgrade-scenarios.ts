import type { Dice } from "./dice.ts";
import type { Draft, Scenario } from "./scenario.ts";

import { handshakeHead, headOf, uploadBody } from "./requests.ts";
import { connect, get, queryOf, targetOf, upgradeOf } from "./scenario.ts";
import { Steps } from "./script.ts";
import { tunnelActs } from "./tunnel-acts.ts";

const slow = new Set(["agree-and-sleep", "wait-with-handshake"]);
const tunnelNames = Object.keys(tunnelActs).map((name) => ({ name, weight: slow.has(name) ? 0.15 : 1 }));

function handshakeTarget(dice: Dice, name = dice.weighted(tunnelNames).name): string {
  return `/ws/${name}?${queryOf(dice)}`;
}

/** Upgrades that no route has, with bodies too; what they ask for does not come, and the request is served. */
function otherUpgrade(draft: Draft): Steps {
  const { dice, nextId } = draft;
  const steps = new Steps();
  steps.asksUpgrade = true;
  const fields = upgradeOf(dice);
  const form = dice.pick(["get", "get", "post", "handshake"]);
  if (form === "get") steps.request("GET", get(draft, fields));
  else if (form === "post") {
    const id = nextId();
    const body = uploadBody(id, dice.between(0, 500));
    const shape = { method: "POST", target: targetOf(dice, "e"), id };
    steps
      .request("POST", headOf({ ...shape, fields: [...fields, ["Content-Length", String(body.length)]] }))
      .send(body);
  } else steps.request("GET", headOf({ target: handshakeTarget(dice), id: nextId(), fields }));
  if (dice.chance(0.5)) steps.answered();
  if (dice.chance(0.5)) steps.request("GET", get(draft));
  return steps;
}

/** Handshakes, with requests before them and any bytes behind. */
function tunnel(draft: Draft): Steps {
  const { dice } = draft;
  const steps = new Steps();
  steps.asksUpgrade = true;
  for (let n = dice.chance(0.3) ? dice.between(1, 2) : 0; n > 0; n -= 1) steps.request("GET", get(draft));
  if (dice.chance(0.7)) steps.answered();
  steps.request("GET", handshakeHead(handshakeTarget(dice), draft.nextId()));
  if (dice.chance(0.7)) steps.answered();
  for (let n = dice.between(0, 4); n > 0; n -= 1) {
    steps.send(dice.pick([dice.bytes(50), connect, get(draft), Buffer.alloc(dice.between(1, 70_000), "tunnel")]));
    if (dice.chance(0.3)) steps.bytes();
    if (dice.chance(0.1)) steps.do(dice.pick(["stop-reading", "read-on"]));
  }
  return steps;
}

/** What goes through comes back, byte for byte. */
function echoTunnel(draft: Draft): Steps {
  const { dice } = draft;
  const steps = new Steps();
  steps.asksUpgrade = true;
  steps.request("GET", handshakeHead(handshakeTarget(dice, dice.pick(["echo", "slow-echo"])), draft.nextId()));
  if (dice.chance(0.7)) steps.answered();
  const sent = Array.from({ length: dice.between(1, 6) }, () =>
    dice.pick([dice.bytes(40), Buffer.from(connect), dice.bytes(3000)]),
  );
  for (const bytes of sent) {
    steps.send(bytes);
    if (dice.chance(0.5)) steps.bytes();
  }
  steps.echo = Buffer.concat(sent);
  return steps;
}

export const upgradeScenarios: readonly Scenario[] = [
  { kind: "upgrade", weight: 6, draw: otherUpgrade },
  { kind: "tunnel", weight: 8, draw: tunnel },
  { kind: "echo", weight: 4, draw: echoTunnel, isExact: true },
];
