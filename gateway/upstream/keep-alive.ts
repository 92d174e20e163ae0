import type { Fields } from "../http1/fields.ts";

import { Known } from "../http1/fields.ts";

/** An upstream's promise is shortened by this, so that we close first. Milliseconds. */
const marginMs = 1000;

/** How long the upstream says that it keeps an idle connection (`Keep-Alive: timeout=5`); Infinity where it does not. */
export function promisedKeepAliveMs(fields: Fields): number {
  if (!fields.has(Known.keepAlive)) return Infinity;
  const seconds = /(?:^|[,\s])timeout=([0-9]{1,6})/i.exec(fields.get("keep-alive") ?? "")?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - marginMs);
}
