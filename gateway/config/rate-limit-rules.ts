import type { ConfigDocument } from "./document.ts";
import type { Draft } from "./draft.ts";

/** A quota that is to be shared needs somewhere to be shared, and what is said of that needs sharing. */
export function checkRateLimits({ routes, redis }: Draft, document: ConfigDocument): void {
  for (const [index, route] of (routes ?? []).entries()) {
    const limit = route?.rateLimit;
    const path = ["routes", index, "rateLimit"];
    // Where `redis` stands and is faulty, that has been reported.
    if (limit?.shared === true && redis === undefined && !document.sets(["redis"])) {
      document.reportAt([...path, "shared"], "needs a store", { hint: "add redis: { url: … } to the file" });
    }
    if (limit?.shared === false && limit.failMode === "closed") {
      document.reportAt([...path, "failMode"], "has no effect without `shared: true`");
    }
  }
  const mayShare = routes?.some((route) => route === undefined || route.rateLimit?.shared === true) ?? true;
  if (redis !== undefined && !mayShare) document.reportAt(["redis"], "is used by no route", { severity: "warning" });
}
