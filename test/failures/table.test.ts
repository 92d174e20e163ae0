import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { FailureRow } from "../../gateway/failures/table.ts";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { failureTable } from "../../gateway/failures/table.ts";

/**
 * The map once more, by hand: what clients and dashboards were told, so that a slip in the table is seen. Columns are
 * status, RFC 9209 error type, who, retry, breaker.
 */
const promised = `
upstream_dns_error           502 dns_error                         upstream unsent     fail
upstream_dns_timeout         504 dns_timeout                       upstream unsent     fail
upstream_refused             502 connection_refused                upstream unsent     fail
upstream_unreachable         502 destination_ip_unroutable         upstream unsent     fail
upstream_address_blocked     502 destination_ip_prohibited         gateway  never      neutral
upstream_connect_timeout     504 connection_timeout                upstream unsent     fail
upstream_certificate         502 tls_certificate_error             upstream elsewhere  neutral
upstream_tls                 502 tls_protocol_error                upstream unsent     fail
upstream_reset               502 connection_terminated             upstream idempotent fail
upstream_stale_connection    502 connection_terminated             upstream stale      neutral
upstream_headers_timeout     504 connection_read_timeout           upstream idempotent fail
upstream_write_timeout       504 connection_write_timeout          upstream never      fail
deadline_exceeded            504 http_response_timeout             upstream never      full-timer
upstream_protocol_error      502 http_protocol_error               upstream idempotent fail
upstream_headers_too_large   502 http_response_header_section_size upstream never      neutral
upstream_body_too_large      502 http_response_body_size           upstream never      neutral
upstream_incomplete          -   http_response_incomplete          upstream never      fail
upstream_body_idle           -   connection_read_timeout           upstream never      fail
upstream_schema_violation    502 http_protocol_error               upstream never      neutral
upstream_error               502 proxy_internal_response           upstream never      neutral
upgrade_invalid              502 http_upgrade_failed               upstream never      fail
circuit_open                 503 destination_unavailable           gateway  never      none
no_healthy_upstream          503 destination_unavailable           gateway  never      none
concurrency_limited          503 connection_limit_reached          gateway  never      neutral
queue_timeout                503 connection_limit_reached          gateway  never      neutral
overloaded                   503 proxy_internal_response           gateway  never      none
maintenance                  503 proxy_internal_response           gateway  never      none
draining                     503 proxy_internal_response           gateway  never      none
dependency_unavailable       503 proxy_internal_response           gateway  never      none
rate_limited                 429 http_request_error                client   never      none
client_closed                -   -                                 client   never      neutral
client_timeout               408 http_request_error                client   never      neutral
body_too_large               413 http_request_error                client   never      none
malformed_request            400 http_request_error                client   never      none
malformed_body               400 http_request_error                client   never      none
invalid_body                 400 http_request_error                client   never      none
invalid_query                400 http_request_error                client   never      none
invalid_path                 400 http_request_error                client   never      none
invalid_headers              400 http_request_error                client   never      none
unsupported_media_type       415 http_request_error                client   never      none
unsupported_content_encoding 415 http_request_error                client   never      none
unauthenticated              401 http_request_error                client   never      none
forbidden                    403 http_request_denied               client   never      none
no_route                     404 http_request_error                client   never      none
method_not_allowed           405 http_request_error                client   never      none
uri_too_long                 414 http_request_error                client   never      none
headers_too_large            431 http_request_error                client   never      none
expectation_failed           417 http_request_error                client   never      none
method_unknown               501 proxy_internal_response           client   never      none
transfer_coding_unknown      501 proxy_internal_response           client   never      none
http_version_unsupported     505 proxy_internal_response           client   never      none
loop_detected                502 proxy_loop_detected               gateway  never      neutral
internal                     500 proxy_internal_error              gateway  never      neutral
`
  .trim()
  .split("\n")
  .map((line) => line.split(/\s+/));

const rows = Object.entries(failureTable) as ReadonlyArray<readonly [FailureCode, FailureRow]>;

/** The codes of rows for which `holds`. */
function codesWhere(holds: (row: FailureRow) => boolean): FailureCode[] {
  return rows.filter(([, row]) => holds(row)).map(([code]) => code);
}

describe("the failure map", () => {
  for (const [code, status, proxyError, source, retry, breaker] of promised) {
    test(`${code} is as promised`, () => {
      const row = failureTable[code as FailureCode];
      assert.deepEqual([row.status ?? "-", row.proxyError ?? "-", row.source, row.retry, row.breaker].map(String), [
        status,
        proxyError,
        source,
        retry,
        breaker,
      ]);
    });
  }

  test("has the rows that are promised, no more and no fewer", () => {
    assert.deepEqual(failureCodes.toSorted(), promised.map(([code]) => code as FailureCode).toSorted());
    assert.deepEqual(
      rows.map(([code]) => code),
      failureCodes,
    );
  });

  test("reserves the rows that nothing produces yet", () => {
    assert.deepEqual(
      codesWhere((row) => row.reserved),
      ["upstream_address_blocked", "unauthenticated", "forbidden"],
    );
  });

  test("closes the connection where framing is in doubt or the connection is at its end", () => {
    assert.deepEqual(
      codesWhere((row) => row.close),
      [
        "upstream_incomplete",
        "upstream_body_idle",
        "draining",
        "client_closed",
        "client_timeout",
        "headers_too_large",
        "method_unknown",
        "transfer_coding_unknown",
        "http_version_unsupported",
      ],
    );
  });

  test("tells clients to come back only where that can help", () => {
    assert.deepEqual(
      codesWhere((row) => row.again === "no" && row.status !== null && row.status >= 500),
      [
        "upstream_address_blocked",
        "upstream_certificate",
        "upstream_headers_too_large",
        "upstream_body_too_large",
        "upstream_schema_violation",
        "method_unknown",
        "transfer_coding_unknown",
        "http_version_unsupported",
        "loop_detected",
      ],
    );
  });

  test("cannot be changed", () => {
    assert.ok(Object.isFrozen(failureTable));
    for (const [, row] of rows) assert.ok(Object.isFrozen(row));
  });
});

describe("the invariants, over every row", () => {
  test("500 is internal's alone", () => {
    assert.deepEqual(
      codesWhere((row) => row.status === 500),
      ["internal"],
    );
  });

  test("502 and 504 are the upstream's, or a refusal to go there", () => {
    const refused = new Set<FailureCode>(["upstream_address_blocked", "loop_detected"]);
    for (const code of codesWhere((row) => row.status === 502 || row.status === 504)) {
      assert.ok(failureTable[code].source === "upstream" || refused.has(code), code);
    }
  });

  test("503 means that the upstream was not asked: the gateway's, never the target's fault, and worth asking again", () => {
    for (const code of codesWhere((row) => row.status === 503)) {
      const { source, breaker, again, retry } = failureTable[code];
      assert.equal(source, "gateway", code);
      assert.notEqual(breaker, "fail", code);
      assert.equal(again, "yes", code);
      assert.equal(retry, "never", code);
    }
  });

  test("a 4xx is the client's, never repeated and never a target's fault", () => {
    for (const code of codesWhere((row) => row.status !== null && row.status >= 400 && row.status < 500)) {
      const { source, breaker, retry } = failureTable[code];
      assert.equal(source, "client", code);
      assert.equal(retry, "never", code);
      assert.ok(breaker === "neutral" || breaker === "none", code);
    }
  });

  test("only an upstream's failure counts against a target", () => {
    for (const code of codesWhere((row) => row.breaker === "fail" || row.breaker === "full-timer")) {
      assert.equal(failureTable[code].source, "upstream", code);
    }
  });

  test("only an upstream's failure is ever repeated by the gateway", () => {
    for (const code of codesWhere((row) => row.retry !== "never"))
      assert.equal(failureTable[code].source, "upstream", code);
  });

  test("where no response can be sent, the connection ends", () => {
    for (const code of codesWhere((row) => row.status === null)) assert.ok(failureTable[code].close, code);
  });

  test("http_request_error stands for 4xx and nothing else", () => {
    for (const [code, { proxyError, status }] of rows) {
      if (proxyError === "http_request_error") assert.ok(status !== null && status >= 400 && status < 500, code);
    }
  });

  test("what is said to clients is one sentence without a name, a path or an address", () => {
    for (const [code, { title, detail, reason, reference }] of rows) {
      assert.match(title, /^[A-Z][A-Za-z ,'-]+$/, code);
      assert.match(detail, /^[A-Z][^.]*\.(?: [A-Z][^.]*\.)?$/, code);
      assert.doesNotMatch(detail, /[/\\<>]|E[A-Z]{4,}|\d+\.\d+/, code);
      assert.notEqual(reason, "", code);
      assert.match(reference, /RFC|nginx|NGINX|draft/, code);
    }
  });
});

describe("a Failure", () => {
  test("has its row, its cause, and no message that says more than its code", () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.1:80");
    const failure = new Failure("upstream_refused", { cause });
    assert.equal(failure.row, failureTable.upstream_refused);
    assert.equal(failure.message, "upstream_refused");
    assert.equal(failure.cause, cause);
    assert.equal("cause" in new Failure("no_route"), false);
  });

  test("has the status a route chose, else its row's", () => {
    assert.equal(new Failure("invalid_body").status, 400);
    assert.equal(new Failure("invalid_body", { status: 422 }).status, 422);
    assert.equal(new Failure("client_closed").status, null);
  });

  test("a timer that expired says which", () => {
    const expired = new TimerExpired("idle");
    assert.equal(expired.timer, "idle");
    assert.equal(expired.name, "TimerExpired");
  });
});
