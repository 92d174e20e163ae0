import type { Inequality, Misalignment, Positions, Quantity } from "./alignment/inequality.ts";
import type { LoadBalancerTimes } from "./alignment/load-balancer.ts";
import type { Config } from "./schema.ts";

import { describe, holds, only } from "./alignment/inequality.ts";
import { loadBalancerTimes } from "./alignment/load-balancer.ts";
import { routeInequalities } from "./alignment/route-timeouts.ts";

/**
 * Whether the timeouts of a configuration, and of what stands around the gateway, fit each other: each by itself may be
 * right, and together they can still make the wrong one give up first. Pure; answers what does not fit, each once.
 */
export function align(config: Config, positions: Positions): Misalignment[] {
  const loadBalancer = loadBalancerTimes(config);
  const inequalities = [
    ...listenerInequalities(config, loadBalancer),
    ...drainInequalities(config),
    ...upstreamInequalities(config),
    ...routeInequalities(config, loadBalancer),
  ];
  const misaligned = inequalities.filter((inequality) => !holds(inequality));
  // Routes that share an upstream's timer share what is wrong with it.
  const byMessage = new Map(misaligned.map((it) => describe(it, positions)).map((it) => [it.message, it]));
  return [...byMessage.values()];
}

function listenerInequalities({ listen }: Config, { idle }: LoadBalancerTimes): Inequality[] {
  if (idle === undefined) return [];
  return [
    {
      law: "listen keepAlive > load balancer idle",
      left: only({ path: ["listen", "keepAlive"], ms: listen.keepAlive }),
      relation: ">",
      right: only(idle),
      harm: "the gateway closes connections that the load balancer is about to use",
      mend: "left",
    },
  ];
}

function drainInequalities({ listen, routes, surroundings }: Config): Inequality[] {
  const grace = { path: ["listen", "drain", "grace"], ms: listen.drain.grace };
  const deadline = { path: ["listen", "drain", "deadline"], ms: listen.drain.deadline };
  const longest = routes
    .map((route, index): Quantity => ({ path: ["routes", index, "timeout"], ms: route.timeout }))
    .reduce((one, other) => (other.ms > one.ms ? other : one));
  const inequalities: Inequality[] = [
    {
      law: "drain deadline ≥ longest route timeout",
      left: only(deadline),
      relation: "≥",
      right: only(longest),
      harm: "a drain can destroy a request that is within its budget",
      mend: "left",
    },
    {
      law: "drain grace < drain deadline",
      left: only(grace),
      relation: "<",
      right: only(deadline),
      harm: "no time is left to finish what came last",
      mend: "left",
    },
  ];
  const killed = surroundings?.terminationGracePeriod;
  if (killed === undefined) return inequalities;
  const law = "drain deadline < terminationGracePeriod";
  const right = only({ path: ["surroundings", "terminationGracePeriod"], ms: killed });
  const harm = "the process can be killed before it has drained and flushed its log";
  return [...inequalities, { law, left: only(deadline), relation: "<", right, harm, mend: "left" }];
}

function upstreamInequalities({ upstreams }: Config): Inequality[] {
  return Object.entries(upstreams).flatMap(([name, { timeouts, health }]) => {
    const path = ["upstreams", name];
    const kept: Inequality = {
      law: "upstream keepAlive < reportedKeepAlive",
      left: only({ path: [...path, "timeouts", "keepAlive"], ms: timeouts.keepAlive }),
      relation: "<",
      right: only({ path: [...path, "timeouts", "reportedKeepAlive"], ms: timeouts.reportedKeepAlive }),
      harm: "requests are sent on connections that the upstream is closing",
      mend: "left",
    };
    if (health === undefined) return [kept];
    const probe: Inequality = {
      law: "health timeout < health interval",
      left: only({ path: [...path, "health", "timeout"], ms: health.timeout }),
      relation: "<",
      right: only({ path: [...path, "health", "interval"], ms: health.interval }),
      harm: "a slow target is probed without a pause",
      mend: "left",
    };
    return [kept, probe];
  });
}
