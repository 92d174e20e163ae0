/**
 * The rules by which the codec refuses a message. A rule's name goes into the log as the cause; its text says what it
 * forbids and where the grammar stands. RFC 9110 is HTTP's semantics, RFC 9112 is HTTP/1.1.
 */
export const wireRules = {
  // Octets, in any section that ends with an empty line.
  bare_cr: "CR without LF behind it (RFC 9112 §2.2)",
  bare_lf: "LF without CR before it (RFC 9112 §2.2)",
  control_char: "NUL or another control character (RFC 9110 §5.5)",

  // Sizes.
  head_too_large: "a head over its limit (RFC 9112 §3, §5)",
  first_line_too_large: "a request line or status line that alone is over the limit of the head (RFC 9112 §3)",
  empty_lines_too_many: "more than four empty lines before a request line (RFC 9112 §2.2)",

  // Request line.
  request_line: "a request line that is not method SP target SP version (RFC 9112 §3)",
  method_char: "a method that is no token (RFC 9110 §9.1)",
  target_char: "a request target with a character outside 0x21 to 0x7e (RFC 9112 §3.2)",
  target_form: "a request target in none of the four forms (RFC 9112 §3.2)",
  protocol: "a protocol other than HTTP, such as RTSP (RFC 9112 §2.3)",
  version: "a version other than HTTP/1.0 and HTTP/1.1 (RFC 9112 §2.3)",

  // Status line.
  status_line: "a status line that is not version SP status [SP reason] (RFC 9112 §4)",
  status_range: "a status outside 100 to 599 (RFC 9110 §15)",

  // Field lines.
  field_name: "a field name that is no token (RFC 9110 §5.1)",
  field_name_empty: "a field line that begins with its colon (RFC 9112 §5)",
  space_before_colon: "whitespace between a field name and its colon (RFC 9112 §5.1)",
  no_colon: "a field line without a colon (RFC 9112 §5)",
  obs_fold: "a field line that begins with whitespace (RFC 9112 §2.2, §5.2)",

  // Framing.
  content_length_digits: "a Content-Length that is not digits alone (RFC 9110 §8.6)",
  content_length_too_large: "a Content-Length over 2^53-1 (RFC 9110 §8.6)",
  content_length_repeated: "more than one Content-Length, equal ones too (RFC 9112 §6.3)",
  content_length_and_transfer_encoding: "Content-Length beside Transfer-Encoding (RFC 9112 §6.1)",
  transfer_encoding_in_1_0: "Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1)",
  transfer_encoding_not_chunked: "a Transfer-Encoding that does not end in chunked (RFC 9112 §6.3)",
  transfer_encoding_repeated: "Transfer-Encoding on several lines, or chunked twice (RFC 9112 §6.1)",
  transfer_coding_unknown: "another transfer coding before chunked (RFC 9112 §6.1)",

  // Chunked body.
  chunk_size: "a chunk size that is not 1 to 16 hexadecimal digits of at most 2^53-1 (RFC 9112 §7.1)",
  chunk_extension: "a chunk extension that is not name or name=value (RFC 9112 §7.1.1)",
  chunk_extension_too_long: "chunk extensions over 16 KiB in one body (RFC 9112 §7.1.1)",
  chunk_data_end: "chunk data without CRLF behind it (RFC 9112 §7.1)",
  trailer_field: "a trailer that is malformed, or names a framing or hop-by-hop field (RFC 9110 §6.5.1)",
  trailers_too_large: "a trailer section over 16 KiB (RFC 9112 §7.1.2)",
} as const;

export type WireRule = keyof typeof wireRules;
