import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findCycle, importsOf, offence } from "./imports.ts";
import { listSources } from "./source.ts";

const imports = listSources(["gateway"], /\.ts$/).flatMap(importsOf);

function judge(path: string, text: string): string | undefined {
  return importsOf({ path, text }).map(offence).find(Boolean);
}

describe("who may import whom", () => {
  test("every import of gateway/ keeps the house's rule", () => {
    assert.ok(imports.length > 0);
    const offences = imports.flatMap((one) => {
      const reason = offence(one);
      return reason === undefined ? [] : [`${one.from}:${one.line}: imports ${one.to}: ${reason}`];
    });
    assert.deepEqual(offences, []);
  });

  test("no imports go round in a circle", () => {
    assert.equal(findCycle(imports), undefined);
  });

  test("an import across rooms is found, in one line or over several", () => {
    assert.match(judge("gateway/route/match.ts", 'import { a } from "../validate/body.ts";') ?? "", /a room imports/);
    assert.match(
      judge("gateway/route/match.ts", 'import {\n  a,\n  b,\n} from "../validate/body.ts";') ?? "",
      /a room/,
    );
    assert.match(judge("gateway/route/match.ts", 'await import("../validate/body.ts")') ?? "", /a room imports/);
    assert.match(judge("gateway/route/match.ts", 'export { a } from "../validate/body.ts";') ?? "", /a room imports/);
  });

  test("a room may use the types of the exchange, and not its values", () => {
    assert.equal(judge("gateway/route/match.ts", 'import type { Exchange } from "../exchange.ts";'), undefined);
    assert.match(judge("gateway/route/match.ts", 'import { Exchange } from "../exchange.ts";') ?? "", /a room imports/);
  });

  test("failures/ imports nothing outside itself", () => {
    assert.match(judge("gateway/failures/table.ts", 'import type { A } from "../clock.ts";') ?? "", /nothing outside/);
  });

  test("the page does not know who listens, and a library stays in its room", () => {
    assert.match(judge("gateway/gateway.ts", 'import { a } from "./client/server.ts";') ?? "", /only commands/);
    assert.equal(judge("gateway/gateway.ts", 'import { a } from "./route/match.ts";'), undefined);
    assert.match(judge("gateway/route/match.ts", 'import { Client } from "undici";') ?? "", /belongs to upstream/);
    assert.match(judge("gateway/route/match.ts", 'import left from "left-pad";') ?? "", /has no room yet/);
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
