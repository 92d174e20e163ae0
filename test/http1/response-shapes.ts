import type { WireRule } from "../../gateway/http1/rules.ts";

/** Streams of an upstream that the codec refuses by a rule. */
const stolen = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen";

function response(line: string, ...fields: readonly string[]): string {
  return `${[line, ...fields].join("\r\n")}\r\n\r\n`;
}

function ok(...fields: readonly string[]): string {
  return response("HTTP/1.1 200 OK", ...fields);
}

export const responseShapes: Partial<Record<WireRule, readonly string[]>> = {
  bare_cr: [
    ok("X: a\rY: b"),
    response("HTTP/1.1 200 O\rK"),
    "HTTP/1.1 200 OK\r\r\n\r\n",
    ok("Transfer-Encoding: chunked") + "5\rhello",
  ],
  bare_lf: [ok("X: a\nY: b"), "HTTP/1.1 200 OK\nX: y\n\n", `${ok("Transfer-Encoding: chunked")}3\nabc\r\n0\r\n\r\n`],
  control_char: [ok("X: \0"), ok("X\x01: y"), ok("X: \x1b[31m"), ok("X: \x7f"), ok("Content-Length: 1\0")],
  head_too_large: [ok(`X: ${"y".repeat(20_000)}`)],
  first_line_too_large: [response(`HTTP/1.1 200 ${"x".repeat(20_000)}`)],
  status_line: [
    "\0\x01 no HTTP\r\n\r\n",
    "SSH-2.0-OpenSSH_9.9\r\n",
    response("http/1.1 200 OK"),
    response("ICY 200 OK"),
    response("RTSP/1.0 200 OK"),
    response("HTTP /1.1 200 OK"),
    response("HTTP/11 200 OK"),
    response("HTTP/1.10 200 OK"),
    response(" HTTP/1.1 200 OK"),
    response("HTTP/1.1  200 OK"),
    response("HTTP/1.1\t200 OK"),
    response("HTTP/1.1 200OK"),
    response("HTTP/1.1 200\tOK"),
    response("HTTP/1.1 2OO OK"),
    response("HTTP/1.1 20 OK"),
    response("HTTP/1.1 99 X"),
    response("HTTP/1.1 1000 X"),
    response("HTTP/1.1 -200 OK"),
    response("HTTP/1.1 "),
    response("HTTP/1.1"),
    `\r\n${stolen}`,
    "GET / HTTP/1.1\r\n\r\n",
    "HTTP\r\n\r\n",
  ],
  status_range: [
    response("HTTP/1.1 000 X"),
    response("HTTP/1.1 099 X"),
    response("HTTP/1.1 600 X"),
    response("HTTP/1.1 999 X"),
  ],
  version: [
    response("HTTP/2.0 200 OK"),
    response("HTTP/0.9 200 OK"),
    response("HTTP/1.2 200 OK"),
    response("HTTP/2 200"),
    "HTTP/3",
  ],
  field_name: [ok("X Y: z"), ok("X@: z")],
  field_name_empty: [ok(": y")],
  space_before_colon: [ok("Content-Length : 4") + "abcd"],
  no_colon: [ok("X"), ok("HTTP/1.1 200 OK")],
  obs_fold: [ok("X: a", " b"), "HTTP/1.1 200 OK\r\n X: y\r\n\r\n"],
  content_length_digits: [
    ok("Content-Length: -1"),
    ok("Content-Length: 1e1"),
    ok("Content-Length:"),
    ok("Content-Length: 0x10"),
  ],
  content_length_too_large: [ok("Content-Length: 99999999999999999999")],
  content_length_repeated: [
    ok("Content-Length: 4", "Content-Length: 4") + "abcd",
    ok("Content-Length: 5, 5"),
    response("HTTP/1.1 204 No Content", "Content-Length: 0", "Content-Length: 0"),
    response("HTTP/1.1 304 Not Modified", "Content-Length: 4", "Content-Length: 5"),
  ],
  content_length_and_transfer_encoding: [
    ok("Content-Length: 3", "Transfer-Encoding: chunked") + `0\r\n\r\n${stolen}`,
    response("HTTP/1.1 103 Early Hints", "Content-Length: 3", "Transfer-Encoding: chunked"),
  ],
  transfer_encoding_in_1_0: [response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked") + `0\r\n\r\n${stolen}`],
  transfer_encoding_not_chunked: [
    ok("Transfer-Encoding: identity") + stolen,
    ok("Transfer-Encoding: gzip") + stolen,
    ok("Transfer-Encoding: chunked, gzip"),
    ok("Transfer-Encoding: xchunked"),
    ok("Transfer-Encoding:"),
  ],
  transfer_encoding_repeated: [
    ok("Transfer-Encoding: chunked, chunked"),
    ok("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
  ],
  transfer_coding_unknown: [ok("Transfer-Encoding: gzip, chunked") + `0\r\n\r\n${stolen}`],
  chunk_size: [
    `${ok("Transfer-Encoding: chunked")}g\r\n`,
    `${ok("Transfer-Encoding: chunked")}4 \r\nabcd\r\n0\r\n\r\n`,
  ],
  chunk_extension: [`${ok("Transfer-Encoding: chunked")}4;\r\nabcd\r\n0\r\n\r\n`],
  chunk_data_end: [`${ok("Transfer-Encoding: chunked")}4\r\nabcde\r\n0\r\n\r\n`],
  trailer_field: [
    `${ok("Transfer-Encoding: chunked")}0\r\nContent-Length: 4\r\n\r\n`,
    `${ok("Transfer-Encoding: chunked")}0\r\n${stolen}`,
  ],
};
