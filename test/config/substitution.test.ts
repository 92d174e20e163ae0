import assert from "node:assert/strict";
import { test } from "node:test";

import { substitute } from "../../gateway/config/substitution.ts";
import { configOf, findingsOf, sound, soundRoutes } from "./load-text.ts";

function filled(source: string, environment: Record<string, string> = {}): unknown {
  const result = substitute(source, environment);
  return "fault" in result ? result.fault : result.text;
}

test("fills in what the environment holds", () => {
  assert.equal(filled("http://${HOST}:${PORT}", { HOST: "a", PORT: "1" }), "http://a:1");
});

test("takes the default where the variable is unset or empty, as a shell does", () => {
  assert.equal(filled("${A:-b}"), "b");
  assert.equal(filled("${A:-b}", { A: "" }), "b");
  assert.equal(filled("${A:-}"), "");
});

test("an unset variable without a default is a fault, an empty one is not", () => {
  assert.equal(filled("${A}"), "needs A, which is not set in the environment");
  assert.equal(filled("${A}", { A: "" }), "");
});

test("$${ stands for ${, and a lone $ for itself", () => {
  assert.equal(filled("$${A} $1 $$", { A: "x" }), "${A} $1 $$");
});

test("does not look again at what was filled in", () => {
  assert.equal(filled("${A}", { A: "${B} $& $1", B: "no" }), "${B} $& $1");
});

test("finds a ${ that is no substitution", () => {
  for (const source of ["${", "${1A}", "${A", "${A-b}", "a${}"]) {
    assert.equal(filled(source), "has a `${` that is no substitution", source);
  }
});

test("does not reach for what every object inherits", () => {
  assert.equal(filled("${constructor}"), "needs constructor, which is not set in the environment");
});

test("a value that is one whole substitution is typed again, quoted or not", () => {
  const { listen, admin, log } = configOf(
    `${sound}listen: { port: "\${PORT}" }\nadmin:\n  port: \${ADMIN:-9191}\nlog: { access: "\${ACCESS}" }`,
    { environment: { PORT: "0", ACCESS: "false" } },
  );
  assert.deepEqual([listen.port, admin.port, log.access], [0, 9191, false]);
});

test("a value of which a part is substituted stays text", () => {
  assert.deepEqual(findingsOf(`${sound}listen: { port: "80\${A}" }`, { environment: { A: "80" } }), [
    "gateway.yaml:3:17: listen.port: '80${A}' is text; remove the quotes",
  ]);
});

test("durations, names and targets are substituted too", () => {
  const environment = { URL: "http://10.0.0.1", WAIT: "3s", NAME: "42" };
  const config = configOf(
    `name: \${NAME}\nupstreams: { orders: { targets: ["\${URL}:9001"], timeouts: { headers: "\${WAIT}" } } }\n${soundRoutes}`,
    { environment },
  );
  assert.equal(config.name, "42");
  assert.equal(config.upstreams["orders"]?.targets[0]?.url, "http://10.0.0.1:9001");
  assert.equal(config.upstreams["orders"]?.timeouts.headers, 3000);
});

test("keys are not substituted", () => {
  const [finding] = findingsOf(`${sound}"\${A}": 1`, { environment: { A: "name" } });
  assert.match(finding ?? "", /^gateway\.yaml:3:1: \["\$\{A\}"\]: unknown key/);
});

test("a finding shows the file's text, never what the environment holds", () => {
  const findings = findingsOf(`${sound}name: "a \${SECRET}"`, { environment: { SECRET: "hunter2" } });
  assert.match(findings[0] ?? "", /^gateway\.yaml:3:7: name: 'a \$\{SECRET\}' is not allowed here/);
  assert.ok(!findings.join().includes("hunter2"));
});

test("an unset variable is found at its place", () => {
  assert.deepEqual(findingsOf(`${sound}name: \${DEPLOYMENT}`), [
    "gateway.yaml:3:7: name: needs DEPLOYMENT, which is not set in the environment; set it, or write a default: ${NAME:-default}",
  ]);
});
