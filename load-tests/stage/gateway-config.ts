import type { ConfigPatch } from "../scenario.ts";

type Block = Record<string, unknown>;

/**
 * The gateway that is put to the test: every default as shipped but `limit: knee`, one upstream for each service, and
 * a route before each of the first two. Services are reached as ${UPSTREAM_1}, ${UPSTREAM_2} …
 */
export function standingConfig(services: number): ConfigPatch {
  const names = Array.from({ length: services }, (_, index) => `service-${index + 1}`);
  return {
    name: "load-test",
    listen: { port: 0 },
    admin: { port: 0 },
    log: { access: true },
    upstreams: Object.fromEntries(
      names.map((name, index) => [name, { targets: [`\${UPSTREAM_${index + 1}}`], concurrency: { limit: "knee" } }]),
    ),
    routes: ["jobs", "other"].slice(0, services).map((id, index) => ({
      id,
      methods: ["GET", "POST"],
      path: `/${id}/*`,
      upstream: names[index],
    })),
  };
}

/** What the gateway finds under the names that the config asks for. */
export function upstreamEnvironment(ports: readonly number[]): Readonly<Record<string, string>> {
  return Object.fromEntries(ports.map((port, index) => [`UPSTREAM_${index + 1}`, `http://127.0.0.1:${port}`]));
}

/**
 * A config with a patch over it: blocks are merged key by key, `routes` by id (one of an id that is not there comes
 * after the others), any other list or value is replaced, and null takes a key away.
 */
export function patched(config: ConfigPatch, patch: ConfigPatch): ConfigPatch {
  const merged: Block = { ...config };
  for (const [key, value] of Object.entries(patch)) {
    const standing = merged[key];
    if (value === null) delete merged[key];
    else if (key === "routes" && isRoutes(standing) && isRoutes(value)) merged[key] = patchedRoutes(standing, value);
    else merged[key] = isBlock(standing) && isBlock(value) ? patched(standing, value) : value;
  }
  return merged;
}

function patchedRoutes(routes: readonly Block[], patches: readonly Block[]): readonly Block[] {
  const byId = new Map(routes.map((route) => [route["id"], route]));
  for (const patch of patches) byId.set(patch["id"], patched(byId.get(patch["id"]) ?? {}, patch));
  return [...byId.values()];
}

function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRoutes(value: unknown): value is readonly Block[] {
  return Array.isArray(value) && value.every(isBlock);
}
