import type { Field } from "../../support/http-message.ts";
import type { Dice } from "./dice.ts";
import type { Steps } from "./script.ts";

import { sampleKey } from "../../support/websocket.ts";
import { headOf } from "./requests.ts";
import { actNames } from "./upstream-acts.ts";

/** What a scenario draws its requests with. */
export interface Draft {
  readonly dice: Dice;
  /** A new id, by which the upstream and the log know the request. */
  readonly nextId: () => string;
}

export interface Scenario {
  readonly kind: string;
  readonly weight: number;
  readonly draw: (draft: Draft) => Steps;
  /** Its bytes are not to be changed or cut: a response to HEAD is read by the method that was sent. */
  readonly isExact?: boolean;
}

const streamedRoutes = ["e", "e", "e", "r", "s"];
const otherTargets = ["/none", "/paused", "/few", "/g/well", "*", "/e/%2e%2e", "/e/well#x"];
export const connect = "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n";

function sizeOf(dice: Dice): number {
  const kind = dice.random();
  if (kind < 0.15) return 0;
  if (kind < 0.7) return dice.between(1, 300);
  return kind < 0.97 ? dice.between(300, 20_000) : dice.between(100_000, 400_000);
}

/** Mostly at once, at times about as long as the gateway's own patience. */
function msOf(dice: Dice): number {
  const kind = dice.random();
  if (kind < 0.7) return 0;
  return kind < 0.98 ? dice.between(1, 20) : dice.between(200, 450);
}

export function queryOf(dice: Dice): string {
  const by = dice.pick(["reset", "fin", "destroy"]);
  const form = dice.pick(["length", "length", "chunked", "close", "old"]);
  return `size=${sizeOf(dice)}&at=${dice.between(0, 100)}&ms=${msOf(dice)}&by=${by}&form=${form}`;
}

export function targetOf(dice: Dice, route = dice.pick(streamedRoutes)): string {
  if (dice.chance(0.05)) return dice.pick(otherTargets);
  // Half of the answers are good ones, or no pooled connection would ever be used again.
  const name = dice.chance(0.5) ? "well" : dice.weighted(actNames).name;
  return `/${route}/${name}?${queryOf(dice)}`;
}

export function get({ dice, nextId }: Draft, fields: readonly Field[] = []): string {
  const version = dice.chance(0.05) ? "1.0" : "1.1";
  return headOf({ target: targetOf(dice), id: nextId(), version, fields });
}

const otherUpgrades = ["h2c", "TLS/1.2", "foo, bar", "websocket, h2c", "h2c, websocket", "", "WebSocket"];

/** Fields that ask for a protocol which no route has. */
export function upgradeOf(dice: Dice): readonly Field[] {
  const fields: Field[] = [["Upgrade", dice.pick(otherUpgrades)]];
  if (dice.chance(0.8))
    fields.push(["Connection", dice.pick(["Upgrade", "upgrade, HTTP2-Settings", "close, Upgrade"])]);
  if (dice.chance(0.3)) fields.push(["HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"]);
  if (dice.chance(0.3)) fields.push(["Sec-WebSocket-Key", sampleKey], ["Sec-WebSocket-Version", "13"]);
  return fields;
}
