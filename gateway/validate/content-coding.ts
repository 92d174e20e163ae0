import type { ContentCoding } from "./inflate.ts";

import { Failure } from "../failures/failure.ts";

/** The content codings that a route's validated bodies may have, compiled. */
export interface AcceptedCodings {
  readonly codings: ReadonlySet<ContentCoding>;
  /** Value of an Accept-Encoding field that names them. */
  readonly acceptEncoding: string;
  /** Longest body once it is inflated. */
  readonly maxBytes: number;
  readonly maxRatio: number;
}

/**
 * The coding that a Content-Encoding field names; undefined where the body is sent as it is. One coding at most: a
 * body coded twice is nothing that clients send in good faith.
 *
 * @throws Failure unsupported_content_encoding
 */
export function readContentCoding(field: string | undefined, accepted: AcceptedCodings): ContentCoding | undefined {
  if (field === undefined) return undefined;
  const name = field.trim().toLowerCase();
  if (name === "identity") return undefined;
  // RFC 9110 §8.4.1.3: x-gzip is the same.
  const coding = (name === "x-gzip" ? "gzip" : name) as ContentCoding;
  if (accepted.codings.has(coding)) return coding;
  throw new Failure("unsupported_content_encoding", { headers: [["Accept-Encoding", accepted.acceptEncoding]] });
}
