import { UsageFault } from "./arguments.ts";

export type Block = Readonly<Record<string, unknown>>;

/** What is asked of the operator's own gateway, and where it goes. */
export interface DrivenRoute {
  readonly method: string;
  readonly path: string;
  /** The upstream whose service is the measure; undefined where the path fits no route that is known. */
  readonly upstream: string | undefined;
  readonly host: string | undefined;
  readonly id: string | undefined;
}

export interface Asked {
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly hasBody: boolean;
}

/** Stands in for `{name}` and for what a trailing `/*` holds. */
const anySegment = "1";

/** The route that was asked for, or else the first that a request without a body can be sent to. */
export function drivenRoute(routes: readonly Block[], { path, method, hasBody }: Asked): DrivenRoute {
  if (path !== undefined) {
    const asked = method ?? (hasBody ? "POST" : "GET");
    return { ...placeOf(routes.find((route) => serves(route, asked, path))), method: asked, path };
  }
  const route = routes.find(isDrivable);
  if (route === undefined || hasBody || method !== undefined) {
    const why = route === undefined ? "no route can be asked without a body" : "--method and --body need a --path";
    throw new UsageFault(`${why}; say what to ask with --path, --method and --body. ${toldRoutes(routes)}`);
  }
  return { ...placeOf(route), method: "GET", path: examplePath(pathOf(route)) };
}

/** The routes as the operator is told of them: which can be driven as they are, and which need --path. */
export function toldRoutes(routes: readonly Block[]): string {
  const names = (drivable: boolean): string =>
    routes
      .filter((route) => isDrivable(route) === drivable)
      .map((route) => String(route["id"]))
      .join(", ") || "none";
  return `Without a body: ${names(true)}. Only with --path: ${names(false)}.`;
}

/** Open to a GET of which nothing but its path is asked. */
function isDrivable(route: Block): boolean {
  const request = blockOf(route["request"]);
  const body = blockOf(request["body"]);
  const asksMore =
    ["query", "headers", "path"].some((part) => request[part] !== undefined) || body["required"] === true;
  return allows(route, "GET") && !asksMore && route["maintenance"] === undefined && route["websocket"] !== true;
}

function serves(route: Block, method: string, path: string): boolean {
  return allows(route, method) && patternOf(pathOf(route)).test(path.split("?", 1)[0] ?? "");
}

function allows({ methods }: Block, method: string): boolean {
  return !Array.isArray(methods) || methods.includes(method) || (method === "HEAD" && methods.includes("GET"));
}

function patternOf(path: string): RegExp {
  const pattern = path
    .replaceAll(/[.+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{[^}]*\}/g, "[^/]+")
    .replace(/\/\*$/, "(?:/.*)?");
  return new RegExp(`^${pattern}$`);
}

function examplePath(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, anySegment).replace(/\*$/, anySegment);
}

function placeOf(route: Block | undefined): Pick<DrivenRoute, "upstream" | "host" | "id"> {
  if (route === undefined) return { upstream: undefined, host: undefined, id: undefined };
  const { upstream, weights, hosts, id } = route;
  const first = typeof upstream === "string" ? upstream : Object.keys(blockOf(weights))[0];
  const host: unknown = Array.isArray(hosts) ? hosts[0] : undefined;
  return {
    upstream: first,
    host: typeof host === "string" ? host.replace(/^\*/, "any") : undefined,
    id: typeof id === "string" ? id : undefined,
  };
}

function pathOf({ path }: Block): string {
  return typeof path === "string" ? path : "/";
}

export function blockOf(value: unknown): Block {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Block) : {};
}
