import type { Dice } from "./dice.ts";

/** One thing that a client does on its connection. */
export type Step =
  | { readonly act: "send"; readonly bytes: Buffer }
  /** Milliseconds; 0 is the next turn of the event loop, so that what follows is another packet. */
  | { readonly act: "pause"; readonly ms: number }
  /** Until so many final responses have come in all. Bounded, as are the other waits. */
  | { readonly act: "answers"; readonly count: number }
  /** Until any bytes come: those of a head's 408 come late. */
  | { readonly act: "bytes"; readonly isLate: boolean }
  | { readonly act: "stop-reading" | "read-on" | "fin" };

/** How a client ends its connection. `fin-without-notice` is FIN without TLS's close_notify. */
export type Ending = "reset" | "fin" | "fin-and-reset" | "fin-without-notice" | "destroy" | "patience";

/** What one connection does, from its beginning to its end. */
export interface Script {
  readonly kind: string;
  readonly steps: readonly Step[];
  readonly ending: Ending;
  /** Methods in the order sent: a response to HEAD has no body. */
  readonly methods: readonly string[];
  /** Bytes were changed at random: what they mean is not known. */
  readonly isMutated: boolean;
  /** It may switch protocols. */
  readonly asksUpgrade: boolean;
  /** It may wait for 100 (Continue). */
  readonly expects: boolean;
  /** What a tunnel has to bring back, or a beginning of it. Undefined where that is not known. */
  readonly echo: Buffer | undefined;
  /** Bytes go to the socket as they are, although the listener expects TLS. */
  readonly isBare: boolean;
  /** The TLS handshake is given up after so many milliseconds. */
  readonly abortsHandshakeMs?: number;
}

const latin1 = (bytes: string | Buffer): Buffer => (typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);

/** Collects the steps of a script. */
export class Steps {
  readonly list: Step[] = [];
  readonly methods: string[] = [];
  asksUpgrade = false;
  expects = false;
  echo: Buffer | undefined;

  send(bytes: string | Buffer): this {
    this.list.push({ act: "send", bytes: latin1(bytes) });
    return this;
  }

  /** A request's head, or all of it. */
  request(method: string, bytes: string | Buffer): this {
    this.methods.push(method);
    return this.send(bytes);
  }

  pause(ms: number): this {
    this.list.push({ act: "pause", ms });
    return this;
  }

  /** Awaits the answers to all requests so far. */
  answered(): this {
    this.list.push({ act: "answers", count: this.methods.length });
    return this;
  }

  bytes(isLate = false): this {
    this.list.push({ act: "bytes", isLate });
    return this;
  }

  do(act: "stop-reading" | "read-on" | "fin"): this {
    this.list.push({ act });
    return this;
  }
}

/** The same bytes in several packets, some of them after a while. */
export function inPieces(steps: readonly Step[], dice: Dice, pausesMs: readonly number[]): readonly Step[] {
  return steps.flatMap((step): readonly Step[] => {
    if (step.act !== "send" || step.bytes.length < 2) return [step];
    const pieces: Step[] = [];
    const { bytes } = step;
    const longest = dice.chance(0.3) ? 3 : Math.ceil(bytes.length / 2);
    for (let at = 0; at < bytes.length;) {
      const end = pieces.length > maxPieces ? bytes.length : at + dice.between(1, longest);
      pieces.push({ act: "send", bytes: bytes.subarray(at, end) }, { act: "pause", ms: dice.pick(pausesMs) });
      at = end;
    }
    return pieces;
  });
}

const maxPieces = 40;

/** Everything up to a point at random, which may be within the bytes of a step. */
export function cutShort(steps: readonly Step[], dice: Dice, isWithin: boolean): readonly Step[] {
  const at = dice.between(0, steps.length - 1);
  const last = steps[at];
  const kept = steps.slice(0, at);
  if (last?.act !== "send" || !isWithin) return kept;
  // The beginning of a head is where states change most.
  const length = dice.between(0, dice.chance(0.5) ? last.bytes.length : Math.min(last.bytes.length, 200));
  return [...kept, { act: "send", bytes: last.bytes.subarray(0, length) }];
}

const oddBytes = ["\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", "\0", "\xff", "0", ",", "chunked", "HTTP/1.1"];

/** A few bytes changed, left out, doubled or put in. */
export function mutated(steps: readonly Step[], dice: Dice): readonly Step[] {
  const sends = steps.filter((step) => step.act === "send");
  const victim = dice.pick(sends);
  if (victim === undefined) return steps;
  let { bytes } = victim;
  for (let n = dice.between(1, 3); n > 0; n -= 1) bytes = mutatedOnce(bytes, dice);
  return steps.map((step) => (step === victim ? { act: "send", bytes } : step));
}

function mutatedOnce(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.between(0, Math.min(bytes.length, 600));
  const to = Math.min(bytes.length, at + dice.between(0, 20));
  const odd = latin1(dice.pick(oddBytes));
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (dice.between(0, 3)) {
    case 0:
      return Buffer.concat([head, tail]);
    case 1:
      return Buffer.concat([head, middle, middle, tail]);
    case 2:
      return Buffer.concat([head, odd, middle, tail]);
    default:
      return Buffer.concat([head, dice.bytes(middle.length), tail]);
  }
}

const shownBytes = 400;

/** For whoever has to find out what a connection did. What was sent in pieces is shown in one. */
export function describe({ kind, steps, ending }: Script): string {
  const shown: string[] = [];
  let sent = "";
  const flush = (): void => {
    const length = sent.length > shownBytes ? `… (${sent.length})` : "";
    if (sent !== "") shown.push(`send ${JSON.stringify(sent.slice(0, shownBytes))}${length}`);
    sent = "";
  };
  for (const step of steps) {
    if (step.act === "send") sent += step.bytes.toString("latin1");
    else if (step.act !== "pause" || step.ms > 0) {
      flush();
      const detail = step.act === "pause" ? ` ${step.ms}` : step.act === "answers" ? ` ${step.count}` : "";
      shown.push(step.act + detail);
    }
  }
  flush();
  return `${kind}: ${[...shown, ending].join(" · ")}`;
}
