import type { SliceOrder } from "./benchmark/slice.ts";

import { runSlice } from "./benchmark/closed-loop.ts";

// The load driver of the benchmark: a process of its own, that runs one slice for each message and answers with what it
// measured. It ends with the process that started it.
process.on("message", (order: SliceOrder) => {
  void runSlice(order).then((slice) => process.send?.(slice));
});
process.on("disconnect", () => process.exit());
