import { block, duration, flag, rate } from "./field.ts";

const share = { min: "0.1%", max: "100%" };

export const sheddingSchema = block(
  "When the process itself has too much to do: it refuses requests as overloaded, the sheddable first and the critical last.",
  {
    enabled: flag("Whether it does.", true),
    loopDelay: block("How long the turn of the event loop that reads a request has worked already.", {
      from: duration(
        "Refusals begin, of a share that grows with the delay. Those of sheddable requests begin at half of it.",
        {
          default: "8ms",
          min: "1ms",
          max: "10s",
        },
      ),
      to: duration("All but the critical are refused; these from twice to four times as long.", {
        default: "16ms",
        min: "1ms",
        max: "60s",
      }),
    }),
    heap: block("Share of the heap's limit in use, looked at once a second.", {
      from: rate("Refusals begin, of a share that grows with the heap.", { ...share, default: "90%" }),
      to: rate("All is refused.", { ...share, default: "98%" }),
    }),
  },
);
