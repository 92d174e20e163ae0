import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

import type { UpstreamScript } from "../support/raw-upstream.ts";
import type { Front } from "./connection-fuzz/config.ts";
import type { Place } from "./connection-fuzz/place.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { GatewayVitals, cpuSeconds, isFatal, residentMiB } from "../support/gateway-vitals.ts";
import { LogLines } from "../support/log-lines.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { caFile } from "../support/tls-upstream.ts";
import { fuzzConfig } from "./connection-fuzz/config.ts";
import { Crowd } from "./connection-fuzz/crowd.ts";
import { FuzzLedger } from "./connection-fuzz/ledger.ts";
import { Neighbour } from "./connection-fuzz/neighbour.ts";
import { connectPolitely } from "./connection-fuzz/place.ts";
import { probeBudget, probePermits } from "./connection-fuzz/probes.ts";
import { settle, socketsOf } from "../support/gateway-standing.ts";
import { account } from "./connection-fuzz/account.ts";
import { playUpstream } from "./connection-fuzz/upstream-acts.ts";
import { answerTo, askOf } from "./connection-fuzz/upstream-answers.ts";

export interface FuzzShape {
  readonly connections: number;
  /** How many of them at once. */
  readonly atOnce: number;
  readonly seed: number;
  readonly front: Front;
  /** Kinds of scenarios; all where it is empty. */
  readonly kinds?: readonly string[];
  /** Connections, by number, that are played; all where it is empty. */
  readonly only?: readonly number[];
  /** Called after each percent of the connections. */
  readonly report?: (progress: FuzzProgress) => void;
}

export interface FuzzProgress {
  readonly percent: number;
  readonly played: number;
  /** Of all the gateway's processes. */
  readonly residentMiB: number;
}

/** Longer than any wait of the gateway, lingering included. */
const settleWithinMs = 30_000;
const neighbours = 3;
const neighbourPauseMs = 10;

const playGood: UpstreamScript = async (connection) => {
  for (;;) {
    const ask = askOf(await connection.readHead());
    await connection.readBody(ask.head, () => undefined);
    connection.write(answerTo({ ...ask, size: ask.id.length, form: "length" }));
  }
};

/**
 * Connections that do whatever a connection can do, each as the seed has it, towards upstreams that do the same. The
 * processes live; clients that behave are served throughout; nobody gets an answer that is not theirs; and after it
 * nothing stands: no exchange, permit, tunnel, socket or buffered byte.
 */
export async function fuzzConnections(shape: FuzzShape): Promise<object> {
  const { front } = shape;
  const ledger = new FuzzLedger();
  await using good = await startUpstream(playGood, { forgets: true });
  await using evil = await startUpstream(playUpstream, { forgets: true });
  const log = new LogLines((line) => {
    ledger.told(line);
    return isFatal(line);
  });
  await using gateway = await spawnGateway(fuzzConfig({ good: good.url, evil: evil.url }, front), log);
  const vitals = await GatewayVitals.of(gateway);
  const before = socketsOf(vitals.pids);
  const secureContext = front.isSecure ? createSecureContext({ ca: readFileSync(caFile) }) : undefined;
  const place: Place = { port: gateway.port, secureContext };
  const report = (percent: number, played: number): void => {
    if (vitals.isWhole) shape.report?.({ percent, played, residentMiB: residentMiB(vitals.pids) });
  };
  const crowd = new Crowd({ ...shape, place, ledger, vitals, report });
  const began = performance.now();
  const served = await besideNeighbours({ place, ledger, vitals }, () => crowd.play());
  const seconds = (performance.now() - began) / 1000;
  const gatewayCpuSeconds = vitals.isWhole ? cpuSeconds(vitals.pids) : undefined;

  await ledger.check("processes", () => vitals.assertWhole());
  if (vitals.isWhole) {
    const standing = { pids: vitals.pids, before, withinMs: settleWithinMs };
    const probed = { front, connect: (host: number) => connectPolitely(`127.0.2.${host}`, place) };
    await ledger.check("standing", () => settle(gateway, standing));
    await ledger.check("budget", () => probeBudget(probed));
    await ledger.check("permits", () => probePermits(probed, evil));
    await ledger.check("standing after the probes", () => settle(gateway, standing));
    await ledger.check("log", () => account(gateway, ledger));
    await ledger.check("processes at the end", () => vitals.assertWhole());
  } else ledger.fault(`under way or just over by then: ${crowd.suspects}`);
  if (vitals.isWhole && crowd.figures.refused > 0)
    ledger.fault(`${crowd.figures.refused} connections could not be made`);
  for (const fault of [...good.faults, ...evil.faults]) ledger.fault(`upstream: ${String(fault)}`);
  const figures = { ...crowd.figures, ...ledger.figures, ...served, seconds: Math.round(seconds), gatewayCpuSeconds };
  assert.ok(ledger.faults === "", `${ledger.faults}\n${JSON.stringify(figures)}`);
  return { ...figures, perSecond: Math.round(crowd.figures.played / seconds) };
}

interface Neighbourhood {
  readonly place: Place;
  readonly ledger: FuzzLedger;
  readonly vitals: GatewayVitals;
}

/** Runs `act` while clients that behave are served. What goes wrong with them is a fault, unless the gateway has ended. */
async function besideNeighbours({ place, ledger, vitals }: Neighbourhood, act: () => Promise<void>) {
  const all = Array.from({ length: neighbours }, (_, n) => {
    return new Neighbour(`neighbour-${n}`, () => connectPolitely(`127.0.3.${n + 1}`, place));
  });
  const lives = all.map(async (neighbour) => {
    try {
      await neighbour.live(neighbourPauseMs);
    } catch (error) {
      if (vitals.isWhole) ledger.fault(`a client that behaves: ${String(error)}`);
    }
  });
  await act();
  for (const neighbour of all) neighbour.stop();
  await Promise.race([Promise.all(lives), vitals.failed]);
  return {
    neighbours: all.reduce((sum, { figures }) => sum + figures.served, 0),
    slowestNeighbourMs: Math.max(...all.map(({ figures }) => figures.slowestMs)),
  };
}
