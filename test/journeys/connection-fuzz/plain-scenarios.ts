import type { Draft, Scenario } from "./scenario.ts";

import { brokenRequests, headOf } from "./requests.ts";
import { connect, get, targetOf, upgradeOf } from "./scenario.ts";
import { Steps } from "./script.ts";

function keepAlive(draft: Draft): Steps {
  const steps = new Steps();
  for (let n = draft.dice.between(1, 4); n > 0; n -= 1) steps.request("GET", get(draft)).answered();
  return steps;
}

function heads({ dice, nextId }: Draft): Steps {
  const steps = new Steps();
  for (let n = dice.between(1, 4); n > 0; n -= 1) {
    steps.request("HEAD", headOf({ method: "HEAD", target: targetOf(dice), id: nextId() }));
  }
  return steps.answered();
}

/** In one packet, or in as many as there are requests. */
function pipeline(draft: Draft): Steps {
  const steps = new Steps();
  const requests = Array.from({ length: draft.dice.between(2, 12) }, () => get(draft));
  if (draft.dice.chance(0.5)) requests.forEach((request) => steps.request("GET", request));
  else steps.request("GET", requests.join("")).methods.push(...requests.slice(1).map(() => "GET"));
  return draft.dice.chance(0.6) ? steps.answered() : steps;
}

/** Good requests, one that is broken, and what a parser must not take for a request behind it. */
function brokenPipeline(draft: Draft): Steps {
  const { dice } = draft;
  const steps = new Steps();
  for (let n = dice.between(0, 3); n > 0; n -= 1) steps.request("GET", get(draft));
  if (dice.chance(0.4)) steps.answered();
  steps.request("GET", dice.pick(brokenRequests));
  if (dice.chance(0.5)) steps.send(get(draft));
  if (dice.chance(0.3)) steps.bytes().send(dice.pick([connect, get(draft), "\r\n", dice.bytes(20)]));
  return steps.bytes();
}

function connecting(draft: Draft): Steps {
  const { dice } = draft;
  const steps = new Steps();
  for (let n = dice.between(0, 2); n > 0; n -= 1)
    steps.request("GET", get(draft, dice.chance(0.3) ? upgradeOf(dice) : []));
  if (dice.chance(0.5)) steps.answered();
  if (dice.chance(0.3))
    steps
      .request("CONNECT", connect.slice(0, dice.between(1, connect.length - 1)))
      .bytes()
      .send("\r\n\r\n");
  else steps.request("CONNECT", connect);
  for (let n = dice.between(0, 3); n > 0; n -= 1) {
    if (dice.chance(0.4)) steps.bytes();
    else if (dice.chance(0.5)) steps.pause(dice.between(0, 3));
    steps.send(dice.pick([get(draft), connect, "\r\n", get(draft) + connect, dice.bytes(30)]));
  }
  return steps;
}

/** A head that stops, and goes on when its refusal is on the way. */
function lateHead(draft: Draft): Steps {
  const { dice } = draft;
  const steps = new Steps();
  if (dice.chance(0.3)) steps.request("GET", get(draft)).answered();
  const [method, head] = dice.chance(0.5)
    ? ["CONNECT", connect]
    : ["GET", get(draft, dice.chance(0.5) ? upgradeOf(dice) : [])];
  const at = dice.chance(0.5) ? head.length - 2 : dice.between(1, head.length - 1);
  steps.request(method, head.slice(0, at)).bytes(true).send(head.slice(at));
  if (dice.chance(0.5)) steps.send(dice.pick([connect, get(draft), "\r\n"]));
  return steps;
}

/** Nobody takes the answers, for a while or for good. */
function unread(draft: Draft): Steps {
  const { dice, nextId } = draft;
  const steps = new Steps().do("stop-reading");
  for (let n = dice.between(1, 6); n > 0; n -= 1) {
    const target = `/e/well?size=${dice.between(20_000, 400_000)}&form=${dice.pick(["length", "chunked"])}`;
    steps.request("GET", headOf({ target, id: nextId() }));
  }
  steps.pause(dice.chance(0.9) ? dice.between(0, 30) : dice.between(300, 900));
  if (dice.chance(0.5)) steps.do("read-on").answered();
  return steps;
}

const noRequests: readonly string[] = [
  "\x16\x03\x01\x02\x00\x01",
  "\r\n",
  "\r\n\r\n\r\n",
  "\n",
  "\0",
  "G",
  "PRI * HTTP/2.0\r\n\r\n",
];

/** Bytes that are no request, or none at all. */
function nothing({ dice }: Draft): Steps {
  const steps = new Steps();
  if (dice.chance(0.3)) return steps.pause(dice.between(0, 5));
  steps.send(dice.chance(0.5) ? dice.pick(noRequests) : dice.bytes(dice.between(1, 500)));
  return dice.chance(0.5) ? steps.bytes() : steps;
}

export const plainScenarios: readonly Scenario[] = [
  { kind: "keep-alive", weight: 12, draw: keepAlive },
  { kind: "heads", weight: 3, draw: heads, isExact: true },
  { kind: "pipeline", weight: 12, draw: pipeline },
  { kind: "broken", weight: 12, draw: brokenPipeline },
  { kind: "connect", weight: 10, draw: connecting },
  { kind: "late", weight: 2, draw: lateHead },
  { kind: "unread", weight: 3, draw: unread },
  { kind: "nothing", weight: 4, draw: nothing },
];
