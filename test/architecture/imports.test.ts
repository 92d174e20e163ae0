import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findCycle, floorsOf, importsOf, offence } from "./imports.ts";
import { listSources } from "./source.ts";

const imports = listSources(["gateway"], /\.ts$/).flatMap(importsOf);

function judge(path: string, text: string): string | undefined {
  return importsOf({ path, text }).map(offence).find(Boolean);
}

describe("who may import whom", () => {
  test("every import of gateway/ keeps the architecture's rule", () => {
    assert.ok(imports.length > 0);
    const offences = imports.flatMap((one) => {
      const reason = offence(one);
      return reason === undefined ? [] : [`${one.from}:${one.line}: imports ${one.to}: ${reason}`];
    });
    assert.deepEqual(offences, []);
  });

  test("gateway/ has at most ten floors and seventy arrows between its folders", (t) => {
    const { arrows, chain } = floorsOf(imports);
    t.diagnostic(`${arrows.length} arrows; ${chain.length} floors: ${chain.join(" → ")}`);
    assert.ok(arrows.length <= 70, arrows.join("\n"));
    assert.ok(chain.length <= 10, chain.join(" → "));
  });

  test("gateway/ holds main.ts, gateway.ts and folders", () => {
    const files = listSources(["gateway"], /\.ts$/).map(({ path }) => path.split("/").slice(1));
    assert.deepEqual(
      files.filter((parts) => parts.length === 1).map(([name]) => name),
      ["gateway.ts", "main.ts"],
    );
  });

  test("no imports go round in a circle", () => {
    assert.equal(findCycle(imports), undefined);
  });

  test("an import across stages is found, in one line or over several", () => {
    assert.match(judge("gateway/route/match.ts", 'import { a } from "../validate/body.ts";') ?? "", /a stage imports/);
    assert.match(
      judge("gateway/route/match.ts", 'import {\n  a,\n  b,\n} from "../validate/body.ts";') ?? "",
      /a stage/,
    );
    assert.match(judge("gateway/route/match.ts", 'await import("../validate/body.ts")') ?? "", /a stage imports/);
    assert.match(judge("gateway/route/match.ts", 'export { a } from "../validate/body.ts";') ?? "", /a stage imports/);
  });

  test("a stage may use the types of the exchange, and not its values", () => {
    assert.equal(
      judge("gateway/route/match.ts", 'import type { Exchange } from "../exchange/exchange.ts";'),
      undefined,
    );
    assert.match(
      judge("gateway/route/match.ts", 'import { Exchange } from "../exchange/exchange.ts";') ?? "",
      /a stage imports/,
    );
  });

  test("failures/ and http1/ import nothing outside themselves, and everybody may import them", () => {
    for (const own of ["gateway/failures/table.ts", "gateway/http1/fields.ts"]) {
      assert.match(judge(own, 'import type { A } from "../exchange/clock.ts";') ?? "", /nothing outside/);
      assert.equal(judge(own, 'import { a } from "./own.ts";'), undefined);
    }
    assert.match(
      judge("gateway/http1/fields.ts", 'import { a } from "../failures/table.ts";') ?? "",
      /nothing outside/,
    );
    assert.equal(judge("gateway/route/match.ts", 'import { a } from "../http1/fields.ts";'), undefined);
    assert.equal(judge("gateway/exchange/exchange.ts", 'import { a } from "../http1/fields.ts";'), undefined);
  });

  test("what stands beside the stages is used by all: address-group.ts itself, of the client's pace the type", () => {
    const from = "gateway/acquire/permit.ts";
    assert.equal(judge(from, 'import { addressGroup } from "../exchange/address-group.ts";'), undefined);
    for (const file of ["client-pace.ts", "downstream.ts"]) {
      assert.equal(judge(from, `import type { A } from "../exchange/${file}";`), undefined);
      assert.match(judge(from, `import { A } from "../exchange/${file}";`) ?? "", /a stage imports/);
    }
  });

  test("the page does not know who listens, and a library stays in its folder", () => {
    assert.match(judge("gateway/gateway.ts", 'import { a } from "./client/server.ts";') ?? "", /only commands/);
    assert.equal(judge("gateway/gateway.ts", 'import { a } from "./route/match.ts";'), undefined);
    assert.match(
      judge("gateway/route/match.ts", 'import { createProxyServer } from "http-proxy";') ?? "",
      /belongs to upstream/,
    );
    assert.match(judge("gateway/route/match.ts", 'import left from "left-pad";') ?? "", /has no folder yet/);
    assert.match(judge("gateway/route/match.ts", 'import process from "node:process";') ?? "", /belongs to main/);
  });

  test("a circle is found and drawn", () => {
    const circle = [
      { path: "gateway/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "gateway/b.ts", text: 'import { a } from "./a.ts";' },
    ];
    assert.equal(findCycle(circle.flatMap(importsOf)), "gateway/a.ts → gateway/b.ts → gateway/a.ts");
  });
});
