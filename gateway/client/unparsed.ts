import { Failure } from "../failures/failure.ts";

/** An error of Node's request parser, with the bytes it stumbled over. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  /** How far into the packet the parser got. */
  readonly bytesParsed?: number;
}

/**
 * What a request is told that never became one, by the parser's code. Undefined where there is nobody to tell: the
 * connection broke, or the client has sent nothing at all.
 */
export function unparsedFailure(error: ParserError, bytesRead: number): Failure | undefined {
  const { code = "" } = error;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return bytesRead === 0 ? undefined : new Failure("client_timeout");
  if (code === "HPE_HEADER_OVERFLOW") return overflow(error);
  if (isForeignVersion(error)) return new Failure("http_version_unsupported", { cause: error });
  if (code === "HPE_INVALID_METHOD" && namesMethod(error.rawPacket))
    return new Failure("method_unknown", { cause: error });
  if (code.startsWith("HPE_")) return new Failure("malformed_request", { cause: error, close: true });
  return undefined;
}

/**
 * The parser says "invalid version" also of a version it knows that something else than CRLF follows. PRI begins HTTP/2,
 * and nothing else does (RFC 9113 §3.4).
 */
function isForeignVersion({ code, rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (code === "HPE_PAUSED_H2_UPGRADE") return true;
  if (code !== "HPE_INVALID_VERSION") return false;
  const read = rawPacket?.toString("latin1", Math.max(0, bytesParsed - 16), bytesParsed) ?? "";
  return !/HTTP\/1\.[01].?$/s.test(read);
}

/** Node counts the request line among the headers: where the limit was met within the first line, it was the target's fault. */
function overflow(error: ParserError): Failure {
  const read = error.rawPacket?.toString("latin1", 0, error.bytesParsed) ?? "";
  const isTarget = /^[A-Z-]+ [^\s]+$/.test(read);
  return new Failure(isTarget ? "uri_too_long" : "headers_too_large", { cause: error, close: true });
}

/** A well-formed request line with a method nobody knows, as opposed to bytes that are no HTTP at all. */
function namesMethod(packet: Buffer | undefined): boolean {
  return (
    packet !== undefined &&
    /^[A-Za-z][A-Za-z-]{0,31} [^\s]+ HTTP\/\d\.\d\r?\n/.test(packet.toString("latin1", 0, 16_384))
  );
}
