import type { Exchange, Priority } from "../exchange/exchange.ts";

/** Works out the priority of a request that entered a route of priority `standard`. */
export type PriorityRule = (exchange: Exchange, standard: Priority) => Priority;

const named: ReadonlyMap<string, Priority> = new Map(
  (["critical", "normal", "sheddable"] as const).map((priority) => [priority, priority]),
);

const longestName = 9;

/**
 * The rule of `listen.priorityHeader`: what a trusted peer says there, in any case, stands before the route's own
 * priority. From anybody else, or where it says nothing that is known, the route's stands: a client that may name its
 * own priority names the highest.
 */
export function compilePriority(header: string | undefined): PriorityRule {
  if (header === undefined) return (_exchange, standard) => standard;
  const field = header.toLowerCase();
  return ({ inbound }, standard) => {
    if (!inbound.isTrusted) return standard;
    const text = inbound.fields.get(field);
    if (text === undefined || text.length > longestName) return standard;
    return named.get(text.toLowerCase()) ?? standard;
  };
}
