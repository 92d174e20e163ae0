import type { Field } from "../../support/http-message.ts";
import type { Draft, Scenario } from "./scenario.ts";

import { chunked, headOf, jsonBody, smugglingBody, uploadBody } from "./requests.ts";
import { get, queryOf, targetOf } from "./scenario.ts";
import { Steps } from "./script.ts";

const json: Field = ["Content-Type", "application/json"];
const chunkedCoding: Field = ["Transfer-Encoding", "chunked"];
const continuing: Field = ["Expect", "100-continue"];
const lengthOf = (bytes: number): Field => ["Content-Length", String(bytes)];

/** What ends a chunked body, well and badly. */
const chunkedEnds: readonly string[] = [
  "0\r\n\r\n",
  "0\r\n\r\n",
  "0\r\nX-Trailer: 1\r\n\r\n",
  "0\r\nContent-Length: 5\r\n\r\n",
  "0;last=yes\r\n\r\n",
  "0\r\n",
  "00000000000000000000\r\n\r\n",
  "-1\r\n\r\n",
  "x\r\n",
  "0\n\n",
];

function splitAtRandom(body: Buffer, { dice }: Draft): Buffer[] {
  const at = dice.between(0, body.length);
  return [body.subarray(0, at), body.subarray(at)].filter(({ length }) => length > 0);
}

/** A body in one of its framings, whole, too short or too long. */
function upload(draft: Draft): Steps {
  const { dice, nextId } = draft;
  const steps = new Steps();
  const route = dice.pick(["e", "e", "v", "v", "r"]);
  const surplus = dice.chance(0.15) ? dice.between(-5, 5) : 0;
  // A body that is too short takes its end from what comes behind it, and is not known by its bytes.
  const id = surplus > 0 ? `s${nextId()}` : nextId();
  const length = dice.chance(0.8) ? dice.between(0, 2000) : dice.between(2000, 60_000);
  const body = route === "v" ? jsonBody(id, length) : uploadBody(id, length);
  const isChunked = dice.chance(0.4);
  const fields = [isChunked ? chunkedCoding : lengthOf(Math.max(0, body.length + surplus))];
  if (route === "v") fields.push(json);
  const expects = dice.chance(0.25);
  steps.expects = expects;
  if (expects) fields.push(dice.chance(0.9) ? continuing : ["Expect", "something"]);
  const shape = { method: dice.pick(["POST", "PUT", "GET"]), target: targetOf(dice, route), id, fields };
  steps.request(shape.method, headOf(shape));
  if (expects && dice.chance(0.7)) steps.bytes();
  const end = dice.chance(0.7) ? "0\r\n\r\n" : dice.pick(chunkedEnds);
  for (const piece of isChunked ? [chunked(splitAtRandom(body, draft), end)] : splitAtRandom(body, draft)) {
    steps.send(piece);
    if (dice.chance(0.3)) steps.pause(dice.between(0, 10));
  }
  if (dice.chance(0.8)) steps.answered();
  if (dice.chance(0.4)) steps.request("GET", get(draft)).answered();
  return steps;
}

/** More than fits into buffers, towards an upstream that answers early, reads a part, or leaves. */
function bigUpload({ dice, nextId }: Draft): Steps {
  const steps = new Steps();
  const name = dice.pick(["early", "early-end", "half-read", "never-reading", "well", "cut", "end-at-once"]);
  const target = dice.chance(0.1) ? "/none" : `/e/${name}?${queryOf(dice)}`;
  const id = nextId();
  const body = uploadBody(id, dice.between(50_000, 500_000));
  const isChunked = dice.chance(0.5);
  const pieces = Array.from({ length: Math.ceil(body.length / 65_536) }, (_, n) =>
    body.subarray(n * 65_536, (n + 1) * 65_536),
  );
  steps.expects = dice.chance(0.2);
  const fields = [isChunked ? chunkedCoding : lengthOf(body.length), ...(steps.expects ? [continuing] : [])];
  steps.request("POST", headOf({ method: "POST", target, id, fields }));
  if (dice.chance(0.3)) steps.bytes();
  if (isChunked) steps.send(chunked(pieces));
  else pieces.forEach((piece) => steps.send(piece).pause(0));
  return steps.answered();
}

/** Bodies of requests: whoever loses count takes a body for a request. */
function smuggling(draft: Draft): Steps {
  const { dice, nextId } = draft;
  const steps = new Steps();
  const inner = Buffer.from(smugglingBody());
  const target = targetOf(dice, "e");
  const id = `s${nextId()}`;
  if (dice.chance(0.5)) {
    const fields = [lengthOf(inner.length), ...(dice.chance(0.3) ? [["Connection", "close"] as const] : [])];
    steps.request("POST", headOf({ method: "POST", target, id, fields })).send(inner);
  } else {
    steps.request("POST", headOf({ method: "POST", target, id, fields: [chunkedCoding] }));
    steps.send(chunked([inner, inner], dice.pick(chunkedEnds)));
  }
  if (dice.chance(0.5)) steps.answered();
  return dice.chance(0.5) ? steps.request("GET", get(draft)).answered() : steps;
}

export const uploadScenarios: readonly Scenario[] = [
  { kind: "upload", weight: 18, draw: upload },
  { kind: "big-upload", weight: 2, draw: bigUpload },
  { kind: "smuggling", weight: 4, draw: smuggling },
];
