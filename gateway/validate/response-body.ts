import type { ErrorObject } from "ajv";

import type { Exchange } from "../exchange/exchange.ts";
import type { SchemaMismatch } from "../exchange/events.ts";
import type { ContentCoding, Inflating } from "./inflate.ts";
import type { SchemaCheck } from "./schema-check.ts";

import { Failure } from "../failures/failure.ts";
import { inflate } from "./inflate.ts";
import { parseJson } from "./json.ts";
import { parseMediaType } from "./media-type.ts";
import { findErrors } from "./schema-errors.ts";
import { bodyError, maxErrors } from "./validation-errors.ts";
import { WorkExceeded } from "./work-meter.ts";

interface ResponseBody {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** Found nothing, found what is wrong, or cannot tell. */
type Checked =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly errors: readonly SchemaMismatch[] }
  | { readonly kind: "unchecked"; readonly reason: "too_large" | "content_coding" | "work" };

/**
 * Checks an upstream's answer as strictly as a request's body: its media type, its JSON, its schema. What was inflated
 * for it is thrown away. `exchange` is who waits; undefined where nobody does.
 *
 * @returns a promise where the body is compressed; it rejects with the reason for which the exchange was cancelled
 */
export function checkResponse(
  { bytes, contentType, contentEncoding }: ResponseBody,
  schema: SchemaCheck,
  { exchange, maxBytes }: { readonly exchange: Exchange | undefined; readonly maxBytes: number },
): Checked | Promise<Checked> {
  if (!isJson(contentType)) return notJson("contentType", "is of a media type other than JSON");
  if (isIdentity(contentEncoding)) return checkText(bytes, schema);
  return inflateResponse(bytes, contentEncoding, { exchange, maxBytes }).then((text) =>
    Buffer.isBuffer(text) ? checkText(text, schema) : { kind: "unchecked", reason: text },
  );
}

/**
 * A response's body without its content coding, under the same bounds as a request's; else why there is none. Rejects
 * with the reason for which the exchange was cancelled.
 */
export async function inflateResponse(
  bytes: Buffer,
  contentEncoding: string | undefined,
  { exchange, maxBytes }: { readonly exchange: Exchange | undefined; readonly maxBytes: number },
): Promise<Buffer | "too_large" | "content_coding"> {
  if (isIdentity(contentEncoding)) return bytes;
  const coding = codings[contentEncoding?.trim().toLowerCase() ?? ""];
  if (coding === undefined) return "content_coding";
  try {
    return await inflate(exchange ?? nobody, bytes, { coding, maxBytes, maxRatio, reservation: nobody });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "body_too_large") return "too_large";
    if (error.code === "malformed_body") return "content_coding";
    throw error;
  }
}

function checkText(text: Buffer, schema: SchemaCheck): Checked {
  try {
    const errors = findErrors(schema, parseJson(text), text.length);
    return errors.length === 0 ? valid : { kind: "invalid", errors: errors.slice(0, maxErrors).map(mismatch) };
  } catch (error) {
    if (error instanceof WorkExceeded) return { kind: "unchecked", reason: "work" };
    if (!(error instanceof Failure) || error.code === "internal") throw error;
    return notJson("json", error.options.detail ?? "nests too deeply");
  }
}

function mismatch(error: ErrorObject): SchemaMismatch {
  const { pointer, keyword, detail } = bodyError(error);
  return { pointer, keyword, detail, schemaPointer: error.schemaPath };
}

/** RFC 8259, RFC 6839 §3.1. An answer that says nothing of its type is read as what it should be. */
function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const type = parseMediaType(contentType);
  if (type?.type === undefined) return false;
  return (type.type === "application" && type.subtype === "json") || type.subtype.endsWith("+json");
}

function notJson(keyword: string, detail: string): Checked {
  return { kind: "invalid", errors: [{ pointer: "#", keyword, detail, schemaPointer: "#" }] };
}

function isIdentity(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || contentEncoding.trim().toLowerCase() === "identity";
}

const valid: Checked = { kind: "valid" };
/** Bytes out for each byte in: what upstreams send compresses better than what strangers may. */
const maxRatio = 1000;
const codings: Readonly<Record<string, ContentCoding>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  zstd: "zstd",
};
/** Who waits for what is out already; its memory is bounded by `maxBytes` and by how many are checked at once. */
const nobody: Inflating & { ensure(): void } = { await() {}, settle() {}, ensure() {} };
