import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { UsageFault } from "../../../load-tests/runner/arguments.ts";
import { named, readCommandLine, usage } from "../../../load-tests/runner/command-line.ts";

function order(...args: string[]) {
  const read = readCommandLine(args);
  assert.ok(read !== undefined);
  return read;
}

function refuses(args: readonly string[], said: RegExp): void {
  assert.throws(
    () => readCommandLine(args),
    (error) => error instanceof UsageFault && said.test(error.message),
  );
}

describe("the load test's command line", () => {
  test("is --quick where nothing is asked for", () => {
    const { mode, isQuick, runs, seed, scale, out } = order();
    assert.deepEqual([mode, isQuick, runs, seed, scale, out], ["quick", true, 1, 1, 1, "load-tests/results"]);
  });

  test("runs everything three times with --full, unless --runs says otherwise", () => {
    assert.deepEqual([order("--full").mode, order("--full").isQuick, order("--full").runs], ["full", false, 3]);
    assert.equal(order("--full", "--runs", "1").runs, 1);
  });

  test("takes several scenarios, at full length unless --quick", () => {
    const { mode, names, isQuick } = order("--scenario", "sweep", "--scenario=spike");
    assert.deepEqual([mode, names, isQuick], ["scenarios", ["sweep", "spike"], false]);
    assert.equal(order("--scenario", "sweep", "--quick").isQuick, true);
  });

  test("compares with peers alone, or beside other scenarios", () => {
    assert.deepEqual(
      [order("--peers").mode, order("--quick", "--peers").mode, order("--full", "--peers").mode],
      ["peers", "quick", "full"],
    );
  });

  test("reads a target and its rate", () => {
    const { mode, target, rate } = order("--target", "http://gateway.example:8080/orders", "--rate", "250");
    assert.deepEqual([mode, target?.host, rate], ["target", "gateway.example:8080", 250]);
  });

  test("says which option was probably meant", () => {
    refuses(["--qiuck"], /no option --qiuck; did you mean --quick\?/);
    refuses(["--scenarios=sweep"], /did you mean --scenario\?/);
    refuses(["--zzz"], /no option --zzz$/);
    refuses(["sweep"], /Unexpected argument/);
  });

  test("refuses what contradicts itself, does nothing or is out of bounds", () => {
    refuses(["--quick", "--full"], /not both/);
    refuses(["--config", "a.yaml", "--target", "http://a"], /choose one/);
    refuses(["--target", "http://a"], /needs --rate/);
    refuses(["--target", "https://a", "--rate", "1"], /http:\/\//);
    refuses(["--target", "http://user:secret@a", "--rate", "1"], /without credentials/);
    refuses(["--path", "/a"], /--path says nothing here/);
    refuses(["--config", "a.yaml", "--rate", "5"], /--rate says nothing here beside --config/);
    refuses(["--runs", "0"], /whole number from 1 to 99, not '0'/);
    refuses(["--runs", "1.5"], /whole number/);
    refuses(["--scale", "x"], /number from 0\.01/);
    refuses(["--seed"], /argument missing/);
  });

  test("asks for help with --help, and the help names every option that exists", () => {
    assert.equal(readCommandLine(["--help"]), undefined);
    assert.equal(readCommandLine(["-h", "--full"]), undefined);
    const told = [...usage.matchAll(/--(\w+)/g)].map(([, name]) => name ?? "");
    assert.ok(told.length > 20);
    for (const name of told) {
      try {
        readCommandLine([`--${name}`]);
      } catch (error) {
        assert.ok(error instanceof UsageFault && !error.message.includes("no option"), name);
      }
    }
  });

  test("names the scenario that was probably meant, or all there are", () => {
    const all = [{ name: "sweep" }, { name: "brown-out" }];
    assert.deepEqual(named(["brown-out", "sweep"], all), all);
    assert.throws(() => named(["brownout"], all), /did you mean 'brown-out'\?/);
    assert.throws(() => named(["xyz"], all), /there are: sweep, brown-out/);
  });
});
