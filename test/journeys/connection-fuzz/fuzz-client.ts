import type { Socket } from "node:net";

import type { AnswerStream } from "./answer-stream.ts";
import type { Place } from "./place.ts";
import type { Ending, Script, Step } from "./script.ts";

import { resetSocket } from "../../support/reset-socket.ts";
import { connectFrom, secure } from "./place.ts";

/** How long a client waits for what may never come. Milliseconds. */
const patienceMs = 600;
const latePatienceMs = 3000;
/** How long a FIN has until a RST follows it all the same. Milliseconds. */
const finishMs = 20;
/** How long the gateway has to end a connection on which nothing more is said, whatever its state. */
const longestLifeMs = 20_000;

/** One client, as hostile as its script has it. */
export class FuzzClient {
  readonly #script: Script;
  readonly #answers: AnswerStream;
  /** The TCP connection. */
  readonly #bare: Socket;
  /** Where requests go: the same, or TLS on it. */
  readonly #socket: Socket;
  #isOver = false;
  #hasEnded = false;
  #wake: (() => void) | undefined;
  /** What it received and should not have. */
  fault: string | undefined;
  /** The connection was not to be had: nobody listens. */
  isRefused = false;

  constructor(
    script: Script,
    options: { readonly place: Place; readonly from: string; readonly answers: AnswerStream },
  ) {
    const { place, from, answers } = options;
    this.#script = script;
    this.#answers = answers;
    this.#bare = connectFrom(from, place);
    const { secureContext } = place;
    const isBare = secureContext === undefined || script.isBare;
    this.#socket = isBare ? this.#bare : secure(this.#bare, secureContext);
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("end", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.isRefused ||= error.syscall === "connect";
    });
    this.#socket.on("close", () => {
      this.#isOver = true;
      this.#hasEnded = true;
      this.#wake?.();
    });
  }

  /** Resolves when nothing of the connection is left on this side. */
  async play(): Promise<void> {
    const { steps, ending, abortsHandshakeMs } = this.#script;
    if (abortsHandshakeMs === undefined) {
      for (const step of steps) {
        if (this.#isOver) return;
        await this.#do(step);
      }
    } else await this.#pause(abortsHandshakeMs);
    if (!this.#isOver) await this.#end(ending);
  }

  async #do(step: Step): Promise<void> {
    switch (step.act) {
      case "send":
        if (this.#socket.writable) this.#socket.write(step.bytes);
        return;
      case "pause":
        return this.#pause(step.ms);
      case "answers":
        return this.#until(() => this.#answers.whole >= step.count || this.#hasEnded, patienceMs);
      case "bytes": {
        const before = this.#answers.receivedBytes;
        const withinMs = step.isLate ? latePatienceMs : patienceMs;
        return this.#until(() => this.#answers.receivedBytes > before || this.#hasEnded, withinMs);
      }
      case "stop-reading":
        this.#socket.pause();
        return;
      case "read-on":
        this.#socket.resume();
        return;
      case "fin":
        this.#socket.end();
    }
  }

  async #end(ending: Ending): Promise<void> {
    switch (ending) {
      case "reset":
        this.#reset();
        break;
      case "fin":
        this.#socket.end();
        await this.#gone(patienceMs);
        break;
      case "fin-and-reset":
        this.#socket.end();
        await this.#finished();
        this.#reset();
        break;
      case "fin-without-notice":
        this.#bare.end();
        await this.#gone(patienceMs);
        break;
      case "patience":
        this.#socket.resume();
        await this.#until(() => this.#hasEnded, longestLifeMs);
        if (!this.#hasEnded) this.fault = `stands ${longestLifeMs} ms after its last byte`;
        break;
      case "destroy":
    }
    this.#socket.destroy();
    this.#bare.destroy();
  }

  /** Under TLS, too, a FIN that is on its way is in the way of a RST. */
  #reset(): void {
    if (this.#socket.writableEnded && !this.#socket.writableFinished) this.#bare.destroy();
    else resetSocket(this.#bare);
  }

  /** Until the FIN is out, or will not be because nobody reads. */
  async #finished(): Promise<void> {
    this.#socket.once("finish", () => this.#wake?.());
    await this.#until(() => this.#socket.writableFinished, finishMs);
  }

  async #gone(withinMs: number): Promise<void> {
    this.#socket.resume();
    await this.#until(() => this.#hasEnded, withinMs);
  }

  #take(chunk: Buffer): void {
    if (this.fault !== undefined) return;
    try {
      this.#answers.take(chunk);
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
    this.#wake?.();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (ms === 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    });
  }

  /** Until the condition holds, looked at whenever something happened, or the time is over. */
  async #until(holds: () => boolean, withinMs: number): Promise<void> {
    if (holds() || this.#isOver) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(finish, withinMs);
      this.#wake = () => {
        if (holds() || this.#isOver) finish();
      };
    });
  }
}
