import type { WireRule } from "../gateway/http1/rules.ts";

import { wireFailure } from "../gateway/client/wire-failure.ts";
import { wireRules } from "../gateway/http1/rules.ts";

/** Rules that only a request can break. */
export const requestRules: ReadonlySet<WireRule> = new Set<WireRule>([
  "empty_lines_too_many",
  "request_line",
  "method_char",
  "target_char",
  "target_form",
  "protocol",
]);

/** Rules that only a response can break. */
export const responseRules: ReadonlySet<WireRule> = new Set<WireRule>(["status_line", "status_range"]);

/** docs/wire-rules.md: every rule of the HTTP/1.1 codec, in the order of the code. */
export function wireRuleReference(): string {
  const rules = Object.keys(wireRules) as WireRule[];
  const head = ["| rule | refuses | in | a request fails as |", "| --- | --- | --- | --- |"];
  return `${preface}\n\n${[...head, ...rules.map(row)].join("\n")}\n\n${beside}\n`;
}

function row(rule: WireRule): string {
  const failure = responseRules.has(rule) ? "–" : failureLink(wireFailure(rule).code);
  return `| ${[`\`${rule}\``, wireRules[rule].replaceAll("|", "\\|"), messagesOf(rule), failure].join(" | ")} |`;
}

function messagesOf(rule: WireRule): string {
  if (requestRules.has(rule)) return "requests";
  return responseRules.has(rule) ? "responses" : "both";
}

function failureLink(code: string): string {
  return `[${code}](failures.md#${code})`;
}

const preface = `# Wire rules

Generated from gateway/http1/rules.ts. The gateway reads HTTP/1.1 with a codec of its own, on client connections and on
upstream connections. A message that breaks one of these rules is refused. The failure line of the log names the rule in
\`cause\`, as \`code\` of an error named \`WireError\`:

\`\`\`
"cause":[{"name":"WireError","code":"content_length_repeated","message":"more than one Content-Length, equal ones too (RFC 9112 §6.3)"}]
\`\`\`

- **A request** fails as the table says. The answer carries \`Connection: close\`, and no byte behind the fault is parsed.
- **A response** fails before its head is complete as [upstream_protocol_error](failures.md#upstream_protocol_error), or
  as [upstream_headers_too_large](failures.md#upstream_headers_too_large) for \`head_too_large\` and
  \`first_line_too_large\`. A fault within the body is [upstream_incomplete](failures.md#upstream_incomplete), and the
  client's connection is destroyed. The upstream connection is closed in every case.
- **The answer to a health check** makes the probe fail; \`reason\` of \`event=health\` is the rule.

Octets are judged before lines: a head with a NUL and a missing colon is refused for the NUL, however it is cut into
packets. The limit of a request head is \`listen.maxHeaderSize\`; that of a response head is 64 KiB, of an answer to a
health check 16 KiB.`;

const beside = `Beside the table:

- \`incomplete_message\`, also of a \`WireError\`: the client sent FIN within a request (RFC 9112 §8). Fails as
  ${failureLink("malformed_request")}.
- \`FieldRefused\` as the name of a cause: a field, target or status was about to be written that no message may hold. It
  is ${failureLink("upstream_protocol_error")} in a response and ${failureLink("internal")} in a request.
- A \`code\` that begins with \`HPE_\`: the answer to a WebSocket handshake is read by Node's own parser. Fails as
  ${failureLink("upstream_protocol_error")}, or as ${failureLink("upstream_headers_too_large")} for \`HPE_HEADER_OVERFLOW\`.

What is refused though the grammar allows it (repeated singleton fields, a Host that names no host, a path with two
meanings) is no rule of the wire: such a failure line has an empty \`cause\`, and \`detail\` says what was found.`;
