import type { LoadPhase } from "./plan.ts";

const usualAnswerMs = 100;
const fewest = 16;
const most = 1500;

/**
 * Connections to open before the load begins: as many as the busiest phase needs where answers take so long (Little's
 * law). A fleet of clients has its pools standing before a surge. And a server on Node accepts one connection in each
 * turn of its loop: opened with the surge, they would measure that.
 */
export function standingConnections(
  phases: readonly Pick<LoadPhase, "ratePerSecond">[],
  answerMs = usualAnswerMs,
): number {
  const highest = Math.max(0, ...phases.map(({ ratePerSecond }) => ratePerSecond));
  return Math.min(most, Math.max(fewest, Math.ceil((highest * answerMs) / 1000)));
}
