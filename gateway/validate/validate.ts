import type { IncomingHttpHeaders } from "node:http";

import type { Exchange, RequestBody } from "../exchange.ts";
import type { FailureCode } from "../failures/codes.ts";
import type { ValidationError } from "../failures/failure.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { AcceptedTypes } from "./media-type.ts";
import type { ParameterTypes } from "./parameter-types.ts";
import type { Parameters } from "./parameters.ts";
import type { SchemaCheck } from "./schema-compiler.ts";

import { Failure } from "../failures/failure.ts";
import { readBody } from "./body-reader.ts";
import { parseJson } from "./json.ts";
import { isAccepted, parseMediaType } from "./media-type.ts";
import { readQuery, typeHeaders, typePathParameters } from "./parameters.ts";
import { findErrors } from "./schema-errors.ts";
import { bodyErrors, parameterErrors } from "./validation-errors.ts";

/** What a route's requests must be like, compiled. */
export interface RouteValidator {
  readonly path: ParameterRules | undefined;
  readonly query: ParameterRules | undefined;
  readonly headers: ParameterRules | undefined;
  readonly body: BodyRules;
  /** Of a request that a schema refuses. */
  readonly invalidStatus: number;
}

export interface ParameterRules {
  readonly check: SchemaCheck;
  readonly types: ParameterTypes;
}

export interface BodyRules {
  /** With a schema, the body is read and checked here; without one it streams. */
  readonly check: SchemaCheck | undefined;
  readonly maxBytes: number;
  /** Undefined for any. */
  readonly accepted: AcceptedTypes | undefined;
  readonly isRequired: boolean;
}

/**
 * Checks a request against its route's rules, cheapest first, and sets `exchange.body`. Returns a promise only where
 * a body is to be read; all that can be refused by the head is refused before, and before 100 (Continue) is sent.
 *
 * @throws Failure malformed_request, invalid_path, invalid_query, invalid_headers, invalid_body,
 *   unsupported_media_type, unsupported_content_encoding, body_too_large, overloaded; the promise rejects also with
 *   malformed_body, client_closed, or the reason for which the exchange was cancelled
 */
export function validate(exchange: Exchange, validator: RouteValidator, budget: ByteBudget): void | Promise<void> {
  checkParameters(exchange, validator);
  const { headers } = exchange.req;
  const { body: rules } = validator;
  const body = declaredBody(headers);
  if (body.kind === "none") {
    if (rules.isRequired) throw missingBody(validator);
    exchange.body = body;
    return undefined;
  }
  if (rules.accepted !== undefined) checkMediaType(headers["content-type"], rules.accepted, rules.check !== undefined);
  if (rules.check !== undefined) checkEncoding(headers["content-encoding"]);
  // Unread, the body stands between this request and the next on its connection.
  if (body.length !== null && body.length > rules.maxBytes) throw new Failure("body_too_large", { close: true });
  if (rules.check === undefined) {
    exchange.body = body;
    return undefined;
  }
  const options = { maxBytes: rules.maxBytes, length: body.length, budget };
  return readBody(exchange, options).then((bytes) => checkBody(exchange, validator, bytes));
}

function checkParameters(exchange: Exchange, validator: RouteValidator): void {
  const { path, query, headers, invalidStatus: status } = validator;
  if (path !== undefined) {
    const values = typePathParameters(exchange.pathParameters, path.types);
    refuseIfAny("invalid_path", status, check(path, values));
  }
  if (query !== undefined) {
    const { values, errors } = readQuery(exchange.inbound.query, query.types);
    refuseIfAny("invalid_query", status, errors.length > 0 ? errors : check(query, values));
  }
  if (headers !== undefined) {
    refuseIfAny("invalid_headers", status, check(headers, typeHeaders(exchange.req.headers, headers.types)));
  }
}

function check({ check: { quick, thorough } }: ParameterRules, values: Parameters): readonly ValidationError[] {
  return parameterErrors(findErrors({ quick, thorough }, values, 0));
}

function refuseIfAny(code: FailureCode, status: number, errors: readonly ValidationError[]): void {
  if (errors.length > 0) throw new Failure(code, { status, errors });
}

type DeclaredBody = Exclude<RequestBody, { kind: "buffered" }>;

/** RFC 9112 §6.3: a request has a body only where one of the two fields announces it. */
function declaredBody(headers: IncomingHttpHeaders): DeclaredBody {
  if (headers["transfer-encoding"] !== undefined) return chunked;
  const length = headers["content-length"];
  return length === undefined || Number(length) === 0 ? none : { kind: "stream", length: Number(length) };
}

function checkMediaType(field: string | undefined, accepted: AcceptedTypes, isJson: boolean): void {
  if (field !== undefined && accepted.exact.has(field)) return;
  const type = field === undefined ? undefined : parseMediaType(field);
  if (type === undefined || !isAccepted(accepted, type)) throw unsupportedType(accepted);
  // RFC 8259 §8.1: JSON between systems is UTF-8; the media type defines no charset, but clients send one.
  const charset = type.parameters.get("charset")?.toLowerCase();
  if (isJson && charset !== undefined && charset !== "utf-8") throw unsupportedType(accepted);
}

function unsupportedType(accepted: AcceptedTypes): Failure {
  return new Failure("unsupported_media_type", { headers: [["Accept", accepted.accept]] });
}

function checkEncoding(field: string | undefined): void {
  if (field === undefined || field.toLowerCase() === "identity") return;
  throw new Failure("unsupported_content_encoding", { headers: [["Accept-Encoding", "identity"]] });
}

function checkBody(exchange: Exchange, validator: RouteValidator, bytes: Buffer): void {
  const { check: schema, isRequired } = validator.body;
  if (bytes.length === 0) {
    if (isRequired) throw missingBody(validator);
    exchange.body = none;
    return;
  }
  const value = parseJson(bytes);
  const errors = schema === undefined ? [] : findErrors(schema, value, bytes.length);
  refuseIfAny("invalid_body", validator.invalidStatus, bodyErrors(errors));
  exchange.body = { kind: "buffered", bytes };
}

function missingBody({ invalidStatus: status }: RouteValidator): Failure {
  const errors = [{ pointer: "#", keyword: "required", detail: "a request body is required" }];
  return new Failure("invalid_body", { status, errors });
}

const none: DeclaredBody = Object.freeze({ kind: "none" });
const chunked: DeclaredBody = Object.freeze({ kind: "stream", length: null });
