import { block, duration, text } from "./field.ts";

export const redisSchema = block("The Redis or Valkey that shared quotas are counted in.", {
  url: text(
    "redis-url",
    "Where it is: redis://host:6379/0, or rediss:// for TLS. Credentials and all are best left to `${REDIS_URL}`.",
  ),
  timeout: duration(
    "How long a request waits for it at most. Once it has failed to answer, no request waits until it is back.",
    { default: "20ms", max: "1s" },
  ),
  prefix: text(
    "name",
    "What its keys begin with. Gateways with the same prefix and route ids share quotas.",
    "statuswise",
  ),
});
