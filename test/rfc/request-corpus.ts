/**
 * Request streams from which mutants are made: ordinary ones, and the shapes in which requests have been smuggled past
 * proxies. `\r\n` stands at every line's end, so that a mutation may make it something else.
 */
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const hex = (text: string): string => text.length.toString(16);

function head(line: string, ...fields: readonly string[]): string {
  return `${[line, "Host: a", ...fields].join("\r\n")}\r\n\r\n`;
}

function counted(method: string, body: string, ...fields: readonly string[]): string {
  return head(`${method} /counted HTTP/1.1`, `Content-Length: ${body.length}`, ...fields) + body;
}

function chunked(method: string, chunks: readonly string[], ...fields: readonly string[]): string {
  const body = chunks.map((chunk) => `${hex(chunk)}\r\n${chunk}\r\n`).join("");
  return `${head(`${method} /chunked HTTP/1.1`, "Transfer-Encoding: chunked", ...fields)}${body}0\r\n\r\n`;
}

const get = head("GET /plain?a=b HTTP/1.1", "Accept: */*", "Cookie: a=b; c=d");

/** Nothing is wrong with these: unchanged, each of their requests is forwarded. */
const sound: readonly string[] = [
  get,
  get + get,
  head("GET / HTTP/1.0"),
  head("GET / HTTP/1.0", "Connection: keep-alive") + get,
  head("HEAD /head HTTP/1.1"),
  head("DELETE /a/b/c;v=1?x HTTP/1.1"),
  head("OPTIONS /a HTTP/1.1", "Max-Forwards: 3"),
  head("GET http://other/absolute?x HTTP/1.1"),
  head("PROPFIND /dav HTTP/1.1", "Depth: 1"),
  `\r\n${get}`,
  counted("POST", "hello"),
  counted("PUT", smuggled),
  counted("POST", "") + get,
  counted("GET", smuggled) + get,
  counted("DELETE", smuggled) + get,
  counted("POST", "0\r\n\r\n") + get,
  counted("POST", "3\r\nabc\r\n0\r\n\r\n", "Content-Type: application/json"),
  counted("POST", "x".repeat(3000)) + get,
  chunked("POST", ["hello", " ", "world"]),
  chunked("POST", []) + get,
  chunked("GET", [smuggled]) + get,
  chunked("HEAD", [smuggled]),
  chunked("POST", ["0\r\n\r\n", smuggled]) + get,
  chunked("PATCH", ["x".repeat(2000), "y"], "Trailer: X-T"),
  `${head("POST /ext HTTP/1.1", "Transfer-Encoding: chunked")}5;a=b;c="d"\r\nhello\r\n0;e\r\nX-T: v\r\n\r\n${get}`,
  `${head("POST /zeroes HTTP/1.1", "transfer-encoding: Chunked")}0005\r\nhello\r\n000\r\n\r\n`,
  counted("POST", "hello", "Expect: 100-continue"),
  chunked("POST", ["hello"], "Connection: close"),
  head("GET /hop HTTP/1.1", "Connection: keep-alive, X-Hop", "X-Hop: 1", "TE: trailers", "Keep-Alive: timeout=5"),
  head("GET /upgrade HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
  head("GET /names HTTP/1.1", "X_Under: 1", "X-Forwarded-For: 192.0.2.1", "X-HTTP-Method-Override: DELETE"),
];

/** Of these at least one parser somewhere made something else than another did. */
const shapes: readonly string[] = [
  head("POST /cl-te HTTP/1.1", "Content-Length: 6", "Transfer-Encoding: chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-cl HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 4") +
    `5\r\nhello\r\n0\r\n\r\n${smuggled}`,
  head("POST /te-te HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-encoding: cow") + `0\r\n\r\n${smuggled}`,
  head("POST /te-x HTTP/1.1", "Transfer-Encoding: xchunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-tab HTTP/1.1", "Transfer-Encoding:\tchunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-upgrade HTTP/1.1", "Transfer-Encoding: chunked\t", "Connection: Upgrade", "Upgrade: h2c") + get,
  head("POST /cl-upgrade HTTP/1.1", "Content-Length: 5", "Connection: Upgrade", "Upgrade: h2c") + `hello${get}`,
  head("POST /te-vt HTTP/1.1", "Transfer-Encoding: \x0bchunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-space HTTP/1.1", "Transfer-Encoding : chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-fold HTTP/1.1", "Transfer-Encoding:", " chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-lf HTTP/1.1", "X: y\nTransfer-Encoding: chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-cr HTTP/1.1", "X: y\rTransfer-Encoding: chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-list HTTP/1.1", "Transfer-Encoding: gzip, chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-last HTTP/1.1", "Transfer-Encoding: chunked, identity") + `0\r\n\r\n${smuggled}`,
  head("POST /te-quoted HTTP/1.1", 'Transfer-Encoding: "chunked"') + `0\r\n\r\n${smuggled}`,
  head("POST /te-semicolon HTTP/1.1", "Transfer-Encoding: chunked;q=1") + `0\r\n\r\n${smuggled}`,
  head("POST /te-under HTTP/1.1", "Transfer_Encoding: chunked", "Content-Length: 5") + `0\r\n\r\n${smuggled}`,
  head("POST /te-old HTTP/1.0", "Connection: keep-alive", "Transfer-Encoding: chunked") + `0\r\n\r\n${smuggled}`,
  head("POST /te-listed HTTP/1.1", "Connection: Transfer-Encoding", "Transfer-Encoding: chunked") + `0\r\n\r\n${get}`,
  head("POST /cl-listed HTTP/1.1", "Connection: Content-Length", `Content-Length: ${smuggled.length}`) + smuggled,
  head("POST /cl-cl HTTP/1.1", "Content-Length: 0", `Content-Length: ${smuggled.length}`) + smuggled,
  head("POST /cl-plus HTTP/1.1", "Content-Length: +5") + `hello${smuggled}`,
  head("POST /cl-list HTTP/1.1", "Content-Length: 5, 5") + `hello${smuggled}`,
  head("POST /cl-zero HTTP/1.1", "Content-Length: 0005") + `hello${get}`,
  head("POST /cl-under HTTP/1.1", "Content_Length: 5") + get,
  head("GET /cl-hidden HTTP/1.1", "X: y\0", "Content-Length: 5") + `hello${smuggled}`,
  head("GET /cl-nothing HTTP/1.1", "Content-Length:") + smuggled,
  `${head("POST /chunk-lf HTTP/1.1", "Transfer-Encoding: chunked")}5\nhello\n0\n\n${smuggled}`,
  `${head("POST /chunk-ext-lf HTTP/1.1", "Transfer-Encoding: chunked")}5;\nhello\r\n0\r\n\r\n${smuggled}`,
  `${head("POST /chunk-over HTTP/1.1", "Transfer-Encoding: chunked")}100000000000000005\r\nhello\r\n0\r\n\r\n${smuggled}`,
  `${head("POST /chunk-long HTTP/1.1", "Transfer-Encoding: chunked")}5\r\nhelloX\r\n0\r\n\r\n${smuggled}`,
  `${head("POST /chunk-short HTTP/1.1", "Transfer-Encoding: chunked")}7\r\nhello\r\n0\r\n\r\n${smuggled}`,
  `${head("POST /trailer-cl HTTP/1.1", "Transfer-Encoding: chunked")}0\r\nContent-Length: 5\r\n\r\n${smuggled}`,
  `${head("POST /trailer-host HTTP/1.1", "Transfer-Encoding: chunked")}0\r\nHost: b\r\nX-T: 1\r\n\r\n${get}`,
  `POST /two-hosts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${smuggled}`,
  `GET /no-host HTTP/1.1\r\n\r\n${smuggled}`,
  `GET /fold-first HTTP/1.1\r\n Host: a\r\n\r\n${smuggled}`,
  `GET /bare HTTP/1.1\nHost: a\n\n${smuggled}`,
  `GET /old\r\n\r\n${smuggled}`,
  `GET /two HTTP/2.0\r\nHost: a\r\n\r\n${smuggled}`,
  `GET  /spaces  HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`,
  `GET /in-target HTTP/1.1\r\nX: HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`,
  `${head("GET /close HTTP/1.1", "Connection: close")}${smuggled}`,
  `${head("GET /a#b HTTP/1.1")}${get}`,
  `${head("GET /a/../b HTTP/1.1")}${get}`,
  `${head("GET //double HTTP/1.1")}${get}`,
  `${head("TRACE /trace HTTP/1.1")}${get}`,
  `${head("CONNECT a:80 HTTP/1.1")}${smuggled}`,
  `${head("OPTIONS * HTTP/1.1")}${get}`,
  `${head("GET /expect HTTP/1.1", "Expect: cake")}${get}`,
  `${head("GET /ws HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")}${get}`,
  `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`,
];

export const corpus: readonly string[] = [...sound, ...sound, ...shapes];

// oxfmt-ignore
export const dictionary = {
  fields: [
    "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding: identity", "Transfer-Encoding : chunked", "Transfer-Encoding:chunked ",
    "Transfer-Encoding: chunked\t", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,", "Content-Length: 0", "Content-Length: 5", "Content-Length: 5 ",
    "content-length: 44", "Content-Length: 0x5", "Content-Length: 5;", "Content-Length:\t5", "Content-Encoding: gzip", "Connection: close", "Connection: keep-alive",
    "Connection: Host", "Connection: X-A, Upgrade", "Upgrade: websocket", "Expect: 100-continue", "Host: b", "Trailer: X", "TE: trailers", "Max-Forwards: 0",
    "X-A: \xff\xfe", "X-B:", ": x", " X: y", "\tX: y", "X Y: z", "Via: 1.1 other", "Range: bytes=0-1", "Cookie: a", "X-Long: " + "y".repeat(1500),
  ],
  values: ["", " ", "0", "1", "5", "44", "-1", "+1", "1e1", "0x5", "00", "chunked", "close", "keep-alive", "gzip, chunked", "chunked, chunked", "\0", "\r", "\n", "\t", "a,b", "\x7f", "18446744073709551617"],
  methods: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "BREW", "QUERY", "M-SEARCH", "G\0T"],
  targets: ["/", "/a", "*", "//a", "/..", "/%2e%2e/", "/a%2fb", "/a%00", "/a#b", "http://b/c", "https://b", "ftp://b/", "/a?b#c", "/?\t", "/é", "/a\\b", "/a;b=c?d=/../", "", "/" + "x".repeat(9000)],
  versions: ["HTTP/1.0", "HTTP/1.1", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", "HTTP/11", "HTTP/1.", ""],
  breaks: ["\n", "\r", "\r\r\n", "\r\n\r\n", "\n\r", "\r\n ", " \r\n", "\0\r\n", ""],
  characters: ["\r", "\n", "\r\n", "\0", "\t", " ", ":", ";", ",", "/", "%", "#", "\x0b", "\x0c", "\x7f", "\x80", "\xff", '"', "0", "a", "_", "\\"],
} as const;
