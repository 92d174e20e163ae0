import assert from "node:assert/strict";
import { METHODS } from "node:http";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { Routable, Router } from "../../gateway/route/compile.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { compileRouter } from "../../gateway/route/compile.ts";
import { allowedMethods, match } from "../../gateway/route/match.ts";

interface TestRoute extends Routable {
  readonly id: string;
}

function route(id: string, path: string, rest: { hosts?: string[]; methods?: string[] } = {}): TestRoute {
  return { id, config: { path, ...rest } };
}

function ask(router: Router<TestRoute>, request: string, host = "h.test"): string {
  const [method = "", path = ""] = request.split(" ");
  try {
    const found = match(router, { method, host, path });
    const parameters = Object.entries(found.parameters).map(([name, value]) => `${name}=${value}`);
    return [found.route.id, ...parameters].join(" ");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const headers = error.options.headers?.map(([name, value]) => `${name}: ${value}`) ?? [];
    return [error.code, ...headers].join(" ");
  }
}

describe("paths", () => {
  const router = compileRouter([
    route("root", "/"),
    route("orders", "/orders/*"),
    route("order", "/orders/{id}"),
    route("lines", "/orders/{id}/lines/{line-no}"),
    route("mine", "/orders/mine"),
    route("archive", "/orders/archive/*"),
    route("slashed", "/trailing/"),
    route("action", "/things:cancel"),
    route("starred", "/a*b/*"),
    route("percent", "/100%/{x}"),
    route("spaced", "/café au lait"),
    route("queried", "/what?"),
    route("braces", "/a{b}"),
    route("long", "/long/{x}"),
  ]);
  const cases: Array<[string, string]> = [
    ["/", "root"],
    ["/orders", "orders"],
    ["/orders/", "orders"],
    ["/orders/7", "order id=7"],
    ["/orders/7/", "orders"],
    ["/orders/mine", "mine"],
    ["/orders/%6dine", "mine"],
    ["/orders/archive", "order id=archive"],
    ["/orders/archive/", "archive"],
    ["/orders/archive/2020", "archive"],
    ["/orders/7/lines/3", "lines id=7 line-no=3"],
    ["/orders/archive/lines/3", "lines id=archive line-no=3"],
    ["/Orders", "no_route"],
    ["/ordersx", "no_route"],
    ["/trailing/", "slashed"],
    ["/trailing", "no_route"],
    ["/things:cancel", "action"],
    ["/things%3Acancel", "action"],
    ["/a*b", "starred"],
    ["/a%2ab/c", "starred"],
    ["/axb", "no_route"],
    ["/100%25/7", "percent x=7"],
    ["/caf%C3%A9%20au%20lait", "spaced"],
    ["/what%3f", "queried"],
    ["/what", "no_route"],
    ["/a%7Bb%7D", "braces"],
    ["/orders/%2525", "order id=%25"],
    ["/orders/a%20%C3%A9%3F%23*:", "order id=a é?#*:"],
    [`/long/${"x".repeat(5000)}`, `long x=${"x".repeat(5000)}`],
    ["/orders/a%2fb", "malformed_request"],
    ["/orders/../admin", "malformed_request"],
  ];
  for (const [path, answer] of cases) {
    test(`${path.slice(0, 40)} is ${answer.slice(0, 40)}`, () => assert.equal(ask(router, `GET ${path}`), answer));
  }

  test("parameters named like members of objects are only names", () => {
    const odd = compileRouter([route("odd", "/{__proto__}/{constructor}")]);
    const { parameters } = match(odd, { method: "GET", host: "", path: "/a/b" });
    assert.deepEqual(Object.entries(parameters), [
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });
});

describe("methods", () => {
  const router = compileRouter([
    route("read", "/orders", { methods: ["GET"] }),
    route("create", "/orders", { methods: ["POST"] }),
    route("any", "/any"),
    route("head", "/headed", { methods: ["HEAD"] }),
    route("get", "/headed", { methods: ["GET"] }),
    route("named", "/mixed", { methods: ["PUT"] }),
    route("rest", "/mixed"),
    route("purge", "/cache/*", { methods: ["PURGE", "DELETE"] }),
  ]);
  const cases: Array<[string, string]> = [
    ["GET /orders", "read"],
    ["HEAD /orders", "read"],
    ["POST /orders", "create"],
    ["DELETE /orders", "method_not_allowed Allow: GET, HEAD, POST"],
    ["OPTIONS /orders", "method_not_allowed Allow: GET, HEAD, POST"],
    ["TRACE /orders", "method_not_allowed Allow: GET, HEAD, POST"],
    ["CONNECT /orders", "method_not_allowed Allow: GET, HEAD, POST"],
    ["TRACE /nowhere", "no_route"],
    ["BREW /orders", "method_not_allowed Allow: GET, HEAD, POST"],
    ["HEAD /headed", "head"],
    ["GET /headed", "get"],
    ["PUT /mixed", "named"],
    ["PATCH /mixed", "rest"],
    ["GET /cache/x", "method_not_allowed Allow: DELETE, PURGE"],
    ["GET /nowhere", "no_route"],
  ];
  for (const [request, answer] of cases) {
    test(`${request} is ${answer}`, () => assert.equal(ask(router, request), answer));
  }

  test("a route without methods serves every method but TRACE, CONNECT and SOURCE", () => {
    for (const method of METHODS) {
      const isRefused = method === "TRACE" || method === "CONNECT" || method === "SOURCE";
      assert.equal(ask(router, `${method} /any`).split(" ")[0], isRefused ? "method_not_allowed" : "any");
    }
    assert.match(ask(router, "TRACE /any"), /Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, ACL/);
  });
});

describe("hosts", () => {
  const router = compileRouter([
    route("bare", "/orders"),
    route("bare-admin", "/admin"),
    route("api", "/orders", { hosts: ["API.example.com."] }),
    route("eu", "/orders", { hosts: ["*.eu.example.com"] }),
    route("sub", "/*", { hosts: ["*.example.com"], methods: ["GET"] }),
    route("post", "/orders", { hosts: ["only.test"], methods: ["POST"] }),
  ]);
  const cases: Array<[string, string, string]> = [
    ["GET /orders", "api.example.com", "api"],
    ["GET /other", "api.example.com", "sub"],
    ["GET /orders", "x.example.com", "sub"],
    ["GET /orders", "a.b.example.com", "sub"],
    ["GET /orders", "x.eu.example.com", "eu"],
    ["GET /other", "x.eu.example.com", "sub"],
    ["POST /orders", "x.example.com", "bare"],
    ["GET /orders", "example.com", "bare"],
    ["GET /orders", ".example.com", "bare"],
    ["GET /orders", "unknown.test", "bare"],
    ["GET /orders", "", "bare"],
    ["GET /admin", "api.example.com", "sub"],
    ["POST /admin", "api.example.com", "bare-admin"],
    ["GET /orders", "only.test", "bare"],
    ["POST /orders", "only.test", "post"],
    ["GET /nowhere", "only.test", "no_route"],
  ];
  for (const [request, host, answer] of cases) {
    test(`${request} for ${host || "no host"} is ${answer}`, () => assert.equal(ask(router, request, host), answer));
  }

  test("Allow names the methods of every route that the host could reach", () => {
    const split = compileRouter([
      route("a", "/x", { hosts: ["a.test"], methods: ["PUT"] }),
      route("b", "/x", { methods: ["GET"] }),
      route("c", "/x", { hosts: ["c.test"], methods: ["DELETE"] }),
    ]);
    assert.equal(ask(split, "POST /x", "a.test"), "method_not_allowed Allow: GET, HEAD, PUT");
  });
});

test("two routes that nothing tells apart do not compile", () => {
  const duplicates = [
    route("one", "/a/{x}", { methods: ["GET"] }),
    route("two", "/%61/{y}", { methods: ["GET", "PUT"] }),
  ];
  assert.throws(() => compileRouter(duplicates), /one and two/);
});

// The naive model: every route that matches, sorted by the rule as the operator's contract words it.
interface Candidate {
  readonly route: TestRoute;
  readonly host: string;
  readonly rank: readonly number[];
}

function model(routes: readonly TestRoute[], request: { method: string; host: string; path: string }): string {
  const candidates: Candidate[] = [];
  for (const candidate of routes) {
    const { methods, hosts, path } = candidate.config;
    const serves = methods === undefined || methods.includes(request.method);
    const servesHead = request.method === "HEAD" && methods?.includes("GET") === true;
    if ((!serves && !servesHead) || !pathMatches(path, request.path)) continue;
    for (const host of hosts ?? [""]) {
      if (!hostMatches(host, request.host)) continue;
      const hostRank = host.startsWith("*") ? host.length : 1000;
      const methodRank = [methods !== undefined && serves, servesHead, true].indexOf(true);
      candidates.push({ route: candidate, host, rank: [host === "" ? 0 : hostRank, ...pathRank(path), -methodRank] });
    }
  }
  candidates.sort((a, b) => compare(b.rank, a.rank));
  return candidates[0]?.route.id ?? "none";
}

function hostMatches(pattern: string, host: string): boolean {
  if (pattern === "") return true;
  if (!pattern.startsWith("*")) return pattern === host;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

function pathMatches(pattern: string, path: string): boolean {
  const source = pattern.replace(/\/\*$/, "").replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${source}${pattern.endsWith("/*") ? "(/.*)?" : ""}$`).test(path);
}

function pathRank(pattern: string): number[] {
  const segments = pattern.replace(/\/\*$/, "").split("/").slice(1);
  const literals = segments.map((segment) => (segment.startsWith("{") ? 0 : 1));
  return [pattern.endsWith("/*") ? segments.length : 1000, ...literals, ...Array<number>(4 - literals.length).fill(0)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const segment = fc.constantFrom("a", "b", "ab", "{x}");
const patterns = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "/*"))
  .map(([segments, tail]) => `/${segments.map((text, i) => text.replace("x", `x${i}`)).join("/")}${tail}`);
const testRoutes = fc.uniqueArray(
  fc.record({
    path: patterns,
    host: fc.constantFrom("", "h.test", "*.test", "*.h.test"),
    method: fc.constantFrom("", "GET", "HEAD", "POST"),
  }),
  { selector: ({ path, host, method }) => `${path} ${host} ${method}`, minLength: 1, maxLength: 12 },
);
const requests = fc.record({
  path: fc.array(fc.constantFrom("a", "b", "ab", "c"), { maxLength: 5 }).map((segments) => `/${segments.join("/")}`),
  host: fc.constantFrom("", "h.test", "x.h.test", "x.test", "other"),
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
});

test("precedence is that of a naive model, for any routes and requests", () => {
  fc.assert(
    fc.property(testRoutes, fc.array(requests, { minLength: 1, maxLength: 20 }), (specs, lines) => {
      const routes = specs.map(({ path, host, method }, i) =>
        route(`r${i}`, path, { ...(host && { hosts: [host] }), ...(method && { methods: [method] }) }),
      );
      const router = compileRouter(routes);
      for (const line of lines) {
        for (const path of [line.path, line.path === "/" ? "/" : `${line.path}/`]) {
          const answer = ask(router, `${line.method} ${path}`, line.host).split(" ")[0];
          const expected = model(routes, { ...line, path });
          assert.equal(answer?.startsWith("r") ? answer : "none", expected, `${line.method} ${line.host} ${path}`);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("every route is reachable", () => {
  fc.assert(
    fc.property(fc.uniqueArray(patterns, { minLength: 1, maxLength: 20 }), (paths) => {
      const routes = paths.map((path, i) => route(`r${i}`, path));
      const router = compileRouter(routes);
      for (const [i, path] of paths.entries()) {
        // `zz` occurs in no literal, and the bare prefix is too short for a longer one: nothing is more precise.
        const own = path.replace(/\/\*$/, "/").replaceAll(/\{\w+\}/g, "zz");
        const answer = ask(router, `GET ${own}`).split(" ")[0];
        assert.equal(answer, `r${i}`, own);
      }
    }),
    { numRuns: 300 },
  );
});

describe("escaped slashes", () => {
  const slashed = (id: string, path: string): TestRoute => ({ id, config: { path, encodedSlash: "allow" } });
  const router = compileRouter([slashed("project", "/projects/{name}"), route("rest", "/plain/*")]);

  test("are one segment's own on a route that allows them", () => {
    assert.equal(ask(router, "GET /projects/group%2fname"), "project name=group/name");
  });

  test("are refused elsewhere, also where nothing is served", () => {
    for (const path of ["/plain/a%2fb", "/nothing%2F"]) assert.equal(ask(router, `GET ${path}`), "malformed_request");
  });
});

describe("the methods of a target", () => {
  const router = compileRouter([
    route("read", "/a", { methods: ["GET"] }),
    route("write", "/b", { methods: ["PUT", "PURGE"] }),
  ]);
  const allowed = (path: string) => allowedMethods(router, { method: "OPTIONS", host: "", path });

  test("are those of the routes at its path, or of all for *", () => {
    assert.deepEqual(allowed("/a"), ["GET", "HEAD"]);
    assert.deepEqual(allowed("/b"), ["PUT", "PURGE"]);
    assert.deepEqual(allowed("*"), ["GET", "HEAD", "PUT", "PURGE"]);
  });

  test("are none where nothing is served", () => {
    assert.throws(() => allowed("/c"), { code: "no_route" });
  });
});
