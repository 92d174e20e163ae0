import { METHODS } from "node:http";

import {
  cidrFault,
  hostFault,
  hostPatternFault,
  httpBaseFault,
  normaliseTargetUrl,
  redisUrlFault,
  targetUrlFault,
} from "./syntax/authority.ts";
import {
  headerValueFault,
  keyFault,
  mediaRangeFault,
  mediaTypeFault,
  settableHeaderFault,
  tokenPattern,
} from "./syntax/header.ts";
import { pathPatternFault, pathPrefixFault, requestTargetFault } from "./syntax/path.ts";

export type SyntaxName =
  | "any"
  | "bind-address"
  | "cidr"
  | "file"
  | "hash-key"
  | "header-value"
  | "host-name"
  | "host-pattern"
  | "http-base"
  | "json-pointer"
  | "media-range"
  | "media-type"
  | "method"
  | "name"
  | "path-pattern"
  | "path-prefix"
  | "pseudonym"
  | "rate-key"
  | "redis-url"
  | "request-target"
  | "schema-file"
  | "settable-header"
  | "target-url"
  | "token";

/** How a text value is written. `fault` tells what is wrong as the end of a sentence that the value begins. */
export interface Syntax {
  /** In words, with an example where that says more. */
  readonly expected: string;
  /** For editors, and where it says everything, instead of `fault`. */
  readonly pattern?: string;
  fault?(text: string): string | undefined;
  normalise?(text: string): string;
  /** The text names a file, relative to the configuration's. */
  readonly isFile?: boolean;
}

const lowerCase = (text: string): string => text.toLowerCase();

// Never forwarded: TRACE echoes credentials (RFC 9110 §9.3.8), CONNECT asks for a tunnel that a gateway is not. SOURCE
// is Icecast's, which Node's parser knows.
const neverForwarded = new Set(["TRACE", "CONNECT", "SOURCE"]);
const methods = new Set(METHODS.filter((method) => !neverForwarded.has(method)));

function methodFault(text: string): string | undefined {
  if (methods.has(text)) return undefined;
  if (neverForwarded.has(text)) return "is never forwarded";
  return methods.has(text.toUpperCase()) ? "is a method in upper case only" : "is no known method";
}

function fileFault(text: string): string | undefined {
  return text === "" || text.includes("\0") ? "is no file name" : undefined;
}

export const syntaxes: Readonly<Record<SyntaxName, Syntax>> = {
  any: { expected: "text" },
  "bind-address": { expected: "an address or a host name", fault: hostFault },
  cidr: { expected: "an address or a range such as 10.0.0.0/8", fault: cidrFault },
  file: { expected: "a file, relative to this one", fault: fileFault, isFile: true },
  "hash-key": { expected: "ip, path or header:<name>", fault: keyFault(["ip", "path"]) },
  "header-value": { expected: "a header value", fault: headerValueFault },
  "host-name": { expected: "a host name", fault: hostFault, normalise: lowerCase },
  "host-pattern": {
    expected: "a host such as api.example.com or *.example.com",
    fault: hostPatternFault,
    normalise: lowerCase,
  },
  "http-base": { expected: "an http:// or https:// URL", fault: httpBaseFault },
  "json-pointer": { expected: "a JSON pointer such as /error/code (RFC 6901)", pattern: "^(/([^~/]|~[01])*)*$" },
  "media-range": {
    expected: "a media type such as application/json or application/*+json",
    fault: mediaRangeFault,
    normalise: lowerCase,
  },
  "media-type": { expected: "a media type such as text/html", fault: mediaTypeFault, normalise: lowerCase },
  method: { expected: "a method such as GET", fault: methodFault },
  name: {
    expected: "letters, digits, dots, dashes and underscores, at most 64, a letter or digit first",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
  },
  "path-pattern": { expected: "a path such as /orders, /orders/{id} or /files/*", fault: pathPatternFault },
  "path-prefix": { expected: "whole segments such as /v1", fault: pathPrefixFault },
  pseudonym: { expected: "a token (RFC 9110 §5.6.2)", pattern: tokenPattern },
  "rate-key": { expected: "ip, route or header:<name>", fault: keyFault(["ip", "route"]) },
  "redis-url": { expected: "a URL such as redis://10.0.0.7:6379", fault: redisUrlFault },
  "request-target": { expected: "a path such as /healthz", fault: requestTargetFault },
  "schema-file": { expected: "a JSON Schema file, JSON or YAML, relative to this one", fault: fileFault, isFile: true },
  "settable-header": { expected: "the name of a header that rules may change", fault: settableHeaderFault },
  "target-url": {
    expected: "a URL such as http://10.0.0.7:9001",
    fault: targetUrlFault,
    normalise: normaliseTargetUrl,
  },
  token: { expected: "a token (RFC 9110 §5.6.2)", pattern: tokenPattern },
};
