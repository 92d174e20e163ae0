import { freshSeed } from "../../support/seeded.ts";

const listOf = (name: string): readonly string[] => (process.env[name] ?? "").split(",").filter((word) => word !== "");

/**
 * How a run is repeated: FUZZ_SEED is the seed it printed; FUZZ_KINDS plays scenarios of these kinds alone, which makes
 * other connections of the same seed; FUZZ_ONLY plays of all connections those with these numbers.
 */
export function fuzzSettings() {
  return {
    seed: Number(process.env["FUZZ_SEED"] ?? freshSeed()),
    kinds: listOf("FUZZ_KINDS"),
    only: listOf("FUZZ_ONLY").map(Number),
  };
}
