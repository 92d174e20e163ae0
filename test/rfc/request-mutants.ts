import { corpus, dictionary } from "./request-corpus.ts";

type Chance = () => number;
type Mutation = (stream: string, chance: Chance) => string;

const below = (chance: Chance, bound: number): number => Math.floor(chance() * bound);
const pick = <T>(chance: Chance, from: readonly T[]): T => from[below(chance, from.length)] as T;

/** Changes one line of the stream, its end included; heads and chunks are made of lines alike. */
function atLine(stream: string, chance: Chance, change: (line: string, ending: string) => string): string {
  const lines = stream.split(/(?<=\r\n)/);
  const at = below(chance, lines.length);
  const line = lines[at] ?? "";
  const ending = line.endsWith("\r\n") ? "\r\n" : "";
  lines[at] = change(line.slice(0, line.length - ending.length), ending);
  return lines.join("");
}

function inFirstLine(stream: string, part: 0 | 1 | 2, value: string): string {
  const end = stream.indexOf("\r\n");
  const parts = stream.slice(0, end).split(" ");
  parts[part] = value;
  return parts.join(" ") + stream.slice(end);
}

/** Somewhere, takes characters away or puts some in. */
function splice(stream: string, chance: Chance, { removed, put }: { removed: number; put: string }): string {
  const at = below(chance, stream.length + 1);
  return stream.slice(0, at) + put + stream.slice(at + removed);
}

/** Of bytes, of lines and fields, of whole requests. */
const mutations: readonly Mutation[] = [
  (stream, chance) => splice(stream, chance, { removed: 0, put: pick(chance, dictionary.characters) }),
  (stream, chance) => splice(stream, chance, { removed: 1, put: pick(chance, dictionary.characters) }),
  (stream, chance) => splice(stream, chance, { removed: 1 + below(chance, 4), put: "" }),
  (stream, chance) => splice(stream, chance, { removed: 1, put: String.fromCharCode(below(chance, 256)) }),
  (stream, chance) => stream.slice(0, below(chance, stream.length)),
  (stream, chance) => atLine(stream, chance, (line) => line + pick(chance, dictionary.breaks)),
  (stream, chance) => atLine(stream, chance, (line, ending) => line + ending + line + ending),
  (stream, chance) => atLine(stream, chance, () => ""),
  (stream, chance) =>
    atLine(stream, chance, (line, ending) => line + ending + pick(chance, dictionary.fields) + ending),
  (stream, chance) =>
    atLine(stream, chance, (line, ending) => line.replace(/:.*/s, `: ${pick(chance, dictionary.values)}`) + ending),
  (stream, chance) =>
    atLine(stream, chance, (line, ending) => line.replace(":", pick(chance, [" :", ": ", ":\t", "::", ""])) + ending),
  (stream, chance) => atLine(stream, chance, (line, ending) => line.replaceAll("-", "_") + ending),
  (stream, chance) => atLine(stream, chance, (line, ending) => line.toUpperCase() + ending),
  (stream, chance) =>
    atLine(stream, chance, (line, ending) => line.replace(/[0-9a-f]+$/i, (size) => nudged(size, chance)) + ending),
  (stream, chance) => inFirstLine(stream, 0, pick(chance, dictionary.methods)),
  (stream, chance) => inFirstLine(stream, 1, pick(chance, dictionary.targets)),
  (stream, chance) => inFirstLine(stream, 2, pick(chance, dictionary.versions)),
  (stream, chance) => stream + pick(chance, corpus),
  (stream, chance) => pick(chance, corpus) + stream,
];

/** A length or a chunk's size, one off. */
function nudged(size: string, chance: Chance): string {
  const value = Number.parseInt(size, 16);
  return Math.max(0, value + (chance() < 0.5 ? 1 : -1)).toString(16);
}

/** A stream from the corpus with none to three things changed about it. */
export function mutant(chance: Chance): Buffer {
  let stream = pick(chance, corpus);
  const changes = pick(chance, [0, 0, 1, 1, 1, 1, 2, 2, 3]);
  for (let n = 0; n < changes; n += 1) stream = pick(chance, mutations)(stream, chance);
  return Buffer.from(stream, "latin1");
}

/** Most streams come whole, some in two or three pieces: parsers have gone wrong at the seams. */
export function inPieces(stream: Buffer, chance: Chance): readonly Buffer[] {
  const cuts = pick(chance, [0, 0, 0, 1, 2]);
  const places = Array.from({ length: cuts }, () => below(chance, stream.length)).toSorted((a, b) => a - b);
  return [...places, stream.length].map((end, n) => stream.subarray(n === 0 ? 0 : places[n - 1], end));
}
