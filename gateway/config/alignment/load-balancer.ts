import type { Config, SurroundingsConfig } from "../schema.ts";
import type { Quantity } from "./inequality.ts";

type LoadBalancerConfig = NonNullable<SurroundingsConfig["loadBalancer"]>;
type Key = "idle" | "read" | "timeout";

/** The times of what stands in front of the gateway, as far as they are known. */
export type LoadBalancerTimes = Readonly<Record<Key, Quantity | undefined>>;

const second = 1000;

/**
 * What each product does unless it is told otherwise, in milliseconds, by its own documentation. A key that is not
 * here is not documented or has no bound. Where a bound depends on the product's edition, the shortest stands.
 */
const presets: Readonly<Record<NonNullable<LoadBalancerConfig["preset"]>, Readonly<Partial<Record<Key, number>>>>> = {
  // Elastic Load Balancing, Application Load Balancers, "Connection idle timeout": one for both sides, 60 s. It bounds
  // the wait for a response as well.
  "aws-alb": { idle: 60 * second },
  // Amazon API Gateway, "Quotas for configuring and running a REST API": integration timeout 29 s. HTTP APIs: 30 s.
  "aws-api-gateway": { timeout: 29 * second },
  // Cloud Load Balancing, external Application Load Balancers, "Timeouts and retries": backend service timeout 30 s for
  // the whole response; HTTP keepalive timeout to backends 600 s, which cannot be changed.
  "gcp-lb": { idle: 600 * second, timeout: 30 * second },
  // Cloudflare, "Connection limits", between Cloudflare and origin server: Proxy Idle Timeout 900 s, Proxy Read Timeout
  // 100 s (later revisions of that page say 120 s).
  cloudflare: { idle: 900 * second, read: 100 * second },
  // ngx_http_upstream_module keepalive_timeout 60s, ngx_http_proxy_module proxy_read_timeout 60s. Its other
  // keepalive_timeout, 75s, is for the clients' side.
  nginx: { idle: 60 * second, read: 60 * second },
};

/** What the file says of the load balancer, completed by the preset that it names. Silence is bounded by `idle` at least. */
export function loadBalancerTimes({ surroundings }: Config): LoadBalancerTimes {
  const idle = timeOf("idle", surroundings?.loadBalancer);
  return {
    idle,
    read: timeOf("read", surroundings?.loadBalancer) ?? idle,
    timeout: timeOf("timeout", surroundings?.loadBalancer),
  };
}

function timeOf(key: Key, config: LoadBalancerConfig | undefined): Quantity | undefined {
  const path = ["surroundings", "loadBalancer", key];
  const own = config?.[key];
  if (own !== undefined) return { path, ms: own };
  const preset = config?.preset;
  const known = preset === undefined ? undefined : presets[preset][key];
  return known === undefined || preset === undefined ? undefined : { path, ms: known, preset };
}
