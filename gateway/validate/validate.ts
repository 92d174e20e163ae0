import type { Exchange } from "../exchange/exchange.ts";
import type { FailureCode } from "../failures/codes.ts";
import type { ValidationError } from "../failures/failure.ts";
import type { BeginningOptions, ReadBytes } from "./body-reader.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { AcceptedCodings } from "./content-coding.ts";
import type { ContentCoding } from "./inflate.ts";
import type { AcceptedTypes } from "./media-type.ts";
import type { ParameterTypes } from "./parameter-types.ts";
import type { Parameters } from "./parameters.ts";
import type { SchemaCheck } from "./schema-check.ts";

import { Failure } from "../failures/failure.ts";
import { readBeginning, readBody } from "./body-reader.ts";
import { readContentCoding } from "./content-coding.ts";
import { inflate } from "./inflate.ts";
import { parseJson } from "./json.ts";
import { isAccepted, parseMediaType } from "./media-type.ts";
import { readQuery, typeHeaders, typePathParameters } from "./parameters.ts";
import { findErrors } from "./schema-errors.ts";
import { bodyErrors, parameterErrors } from "./validation-errors.ts";
import { WorkExceeded } from "./work-meter.ts";

/** What a route's requests must be like, compiled. */
export interface RouteValidator {
  readonly path: ParameterRules | undefined;
  readonly query: ParameterRules | undefined;
  readonly headers: ParameterRules | undefined;
  readonly body: BodyRules;
  /** Of a request that a schema refuses. */
  readonly invalidStatus: number;
  /** Of the upstream's answers. */
  readonly response: SchemaCheck | undefined;
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
  readonly codings: AcceptedCodings;
  readonly isRequired: boolean;
}

/** Where request bodies are held, and how much of one is read before it is forwarded as it comes. */
export interface BodyMemory {
  readonly budget: ByteBudget;
  /** `listen.requestBuffer`, bytes. */
  readonly beginningBytes: number;
}

/** The first bytes of a body that is forwarded as it comes are awaited for this long. Milliseconds. */
const beginningMs = 1000;

/**
 * Checks a request against its route's rules, cheapest first, and sets `exchange.body`. Returns a promise only where
 * a body is to be read; all that can be refused by the head is refused before, and before 100 (Continue) is sent. What is
 * wrong with a body that is there already is returned: to throw it costs more (decision 22).
 *
 * A body without a schema is not read whole, but begun, so that it holds no permit for what its client has not sent.
 *
 * @throws Failure malformed_request, invalid_path, invalid_query, invalid_headers, invalid_body,
 *   unsupported_media_type, unsupported_content_encoding, body_too_large, overloaded; the promise rejects also with
 *   malformed_body, client_closed, or the reason for which the exchange was cancelled
 */
export function validate(
  exchange: Exchange,
  validator: RouteValidator,
  memory: BodyMemory,
): Failure | Promise<void> | undefined {
  checkParameters(exchange, validator);
  const { fields } = exchange.inbound;
  const { length } = exchange.request;
  const { body: rules } = validator;
  const { budget } = memory;
  if (length === 0) {
    if (rules.isRequired) throw missingBody(validator);
    return undefined;
  }
  if (rules.accepted !== undefined)
    checkMediaType(fields.get("content-type"), rules.accepted, rules.check !== undefined);
  const isChecked = rules.check !== undefined;
  const coding = isChecked ? readContentCoding(fields.get("content-encoding"), rules.codings) : undefined;
  // Unread, the body stands between this request and the next on its connection.
  if (length !== null && length > rules.maxBytes) throw new Failure("body_too_large", { close: true });
  const options = { maxBytes: rules.maxBytes, length, budget };
  if (!isChecked) return begin(exchange, { ...options, enoughBytes: memory.beginningBytes, enoughMs: beginningMs });
  const read = readBody(exchange, options);
  if (coding === undefined) {
    if (read instanceof Promise) return read.then((bytes) => checkBody(exchange, validator, { bytes, text: bytes }));
    return bodyFailure(exchange, validator, { bytes: read, text: read });
  }
  const body = Promise.resolve(read);
  return body.then((bytes) => checkInflated(exchange, validator, { bytes, coding, budget }));
}

/** Where the client waits for 100 (Continue), the upstream is asked first whether it wants the body. */
function begin(exchange: Exchange, options: BeginningOptions): Promise<void> | undefined {
  if (exchange.request.owesContinue) {
    exchange.body = { kind: "stream", length: options.length, begun: noBytes };
    return undefined;
  }
  const read = readBeginning(exchange, options);
  if (read instanceof Promise) return read.then((bytes) => setBegun(exchange, bytes));
  setBegun(exchange, read);
  return undefined;
}

function setBegun(exchange: Exchange, { bytes, isComplete }: ReadBytes): void {
  const { length } = exchange.request;
  if (!isComplete) exchange.body = { kind: "stream", length, begun: bytes };
  else if (bytes.length > 0 || length === null) exchange.body = { kind: "buffered", bytes, isChunked: length === null };
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
    refuseIfAny("invalid_headers", status, check(headers, typeHeaders(exchange.inbound.fields, headers.types)));
  }
}

function check({ check: schema }: ParameterRules, values: Parameters): readonly ValidationError[] {
  try {
    return parameterErrors(findErrors(schema, values, 0));
  } catch (error) {
    if (!(error instanceof WorkExceeded)) throw error;
    return [{ keyword: "pattern", detail: "takes more work to check than one request is given" }];
  }
}

function refuseIfAny(code: FailureCode, status: number, errors: readonly ValidationError[]): void {
  if (errors.length > 0) throw new Failure(code, { status, errors });
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

interface ReadBody {
  /** As they came: what is forwarded. */
  readonly bytes: Buffer;
  /** Without their content coding: what is checked. */
  readonly text: Buffer;
}

function checkBody(exchange: Exchange, validator: RouteValidator, body: ReadBody): void {
  const failure = bodyFailure(exchange, validator, body);
  if (failure !== undefined) throw failure;
}

/** What is wrong with the body. Sets `exchange.body` where nothing is. */
function bodyFailure(exchange: Exchange, validator: RouteValidator, { bytes, text }: ReadBody): Failure | undefined {
  const { check: schema, isRequired } = validator.body;
  if (bytes.length === 0) return isRequired ? missingBody(validator) : undefined;
  const value = parseJson(text);
  const errors = schema === undefined ? [] : bodyErrors(bodyFindings(schema, value, text.length));
  if (errors.length > 0) return new Failure("invalid_body", { status: validator.invalidStatus, errors });
  exchange.body = { kind: "buffered", bytes, isChunked: false };
  return undefined;
}

interface CodedBody {
  readonly bytes: Buffer;
  readonly coding: ContentCoding;
  readonly budget: ByteBudget;
}

async function checkInflated(
  exchange: Exchange,
  validator: RouteValidator,
  { bytes, coding, budget }: CodedBody,
): Promise<void> {
  // What was inflated is needed to be checked alone: its memory is given back before the body is forwarded.
  using reservation = budget.reserve(exchange, "arrived");
  // An empty body is no compressed data, but no body.
  const isEmpty = bytes.length === 0;
  const text = isEmpty ? bytes : await inflate(exchange, bytes, { coding, reservation, ...validator.body.codings });
  checkBody(exchange, validator, { bytes, text });
}

function bodyFindings(schema: SchemaCheck, value: unknown, length: number): ReturnType<typeof findErrors> {
  try {
    return findErrors(schema, value, length);
  } catch (error) {
    if (!(error instanceof WorkExceeded)) throw error;
    const detail = "The request body takes more work to check than one request is given.";
    throw new Failure("body_too_large", { detail, cause: error });
  }
}

function missingBody({ invalidStatus: status }: RouteValidator): Failure {
  const errors = [{ pointer: "#", keyword: "required", detail: "a request body is required" }];
  return new Failure("invalid_body", { status, errors });
}

const noBytes = Buffer.alloc(0);
