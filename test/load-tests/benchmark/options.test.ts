import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";

import { readOptions, usage } from "../../../load-tests/peers/benchmark/options.ts";
import { gatewayOf } from "../../../load-tests/peers/benchmark/subjects.ts";
import { UsageFault } from "../../../load-tests/runner/arguments.ts";

function options(...args: string[]) {
  const read = readOptions(args);
  assert.ok(read !== undefined);
  return read;
}

function refuses(act: () => unknown, said: RegExp): void {
  assert.throws(act, (error) => error instanceof UsageFault && said.test(error.message));
}

describe("the benchmark's command line", () => {
  test("is --quick with everything where nothing is asked for", () => {
    const { mode, subjects, workloads, connections, rounds, output, isPublished } = options();
    assert.deepEqual([mode, connections, rounds, isPublished], ["quick", [64], 3, false]);
    assert.equal(subjects.length, 7);
    assert.deepEqual(workloads, ["get", "post", "large", "events", "rejected", "shed"]);
    assert.equal(output, "load-tests/results/benchmark");
  });

  test("sweeps the connections with --full", () => {
    assert.deepEqual(options("--full").connections, [1, 16, 64, 256, 1000]);
    assert.equal(options("--full").rounds, 5);
  });

  test("takes lists, in the order of the tables and without repeats", () => {
    const { subjects, workloads, connections } = options(
      "--subjects=nginx,gateway",
      "--workloads",
      "shed, get",
      "--connections",
      "16,1,16",
    );
    assert.deepEqual(
      [subjects, workloads, connections],
      [
        ["gateway", "nginx"],
        ["get", "shed"],
        [1, 16],
      ],
    );
  });

  test("takes rounds, a slice's length, a folder and --publish", () => {
    const { rounds, sliceMs, warmUpMs, output, isPublished } = options(
      ..."--rounds 2 --slice 200 --output here --publish".split(" "),
    );
    assert.deepEqual([rounds, sliceMs, warmUpMs, output, isPublished], [2, 200, 200, "here", true]);
  });

  test("names what was probably meant", () => {
    refuses(() => readOptions(["--subject", "nginx"]), /no option --subject; did you mean --subjects\?/);
    refuses(() => readOptions(["--subjects", "ngnix"]), /--subjects: there is no 'ngnix'; did you mean 'nginx'\?/);
    refuses(() => readOptions(["--workloads", "zzz"]), /there is no 'zzz'; there are: get, post, large/);
  });

  test("refuses what contradicts itself, does nothing, or is out of bounds", () => {
    refuses(() => readOptions(["--quick", "--full"]), /not both/);
    refuses(() => readOptions(["--workloads", "post", "--connections", "1"]), /goes with the workload get/);
    refuses(() => readOptions(["--connections", "0"]), /whole number from 1 to 5000, not '0'/);
    refuses(() => readOptions(["--rounds", "1.5"]), /whole number from 1 to 99/);
  });

  test("tells a folder without a gateway from a checkout", () => {
    refuses(() => gatewayOf(tmpdir()), /there is no gateway\/main\.ts in it/);
  });

  test("tells every option in its help", () => {
    assert.equal(readOptions(["--help"]), undefined);
    for (const name of ["subjects", "workloads", "connections", "rounds", "slice", "against", "output", "publish"]) {
      assert.match(usage, new RegExp(`--${name}\\b`));
    }
  });
});
