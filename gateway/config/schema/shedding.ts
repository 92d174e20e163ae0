import { block, duration, flag, rate } from "./field.ts";

const share = { min: "0.1%", max: "100%" };

export const sheddingSchema = block(
  "When the process itself has too much to do: it refuses requests as overloaded, the sheddable first and the critical last.",
  {
    enabled: flag("Whether it does.", true),
    patience: duration(
      "CPU time that a turn of the event loop may take while no overload is known; later requests of the turn are refused. A burst, or clients that ask again once they are answered, are served whole if serving each of them once takes no longer. The sheddable are refused from half of it on, the critical from it to twice as long. Without effect unless longer than loopDelay.to.",
      { default: "120ms", min: "1ms", max: "10s" },
    ),
    hold: duration(
      "How long an overload is assumed to last, and loopDelay applies, after two turns in a row that took the patience, or one that did after two that had grown. Twice as long each time that it does last, up to maxHold; over early if hardly anything is refused for a second.",
      { default: "1s", min: "100ms", max: "1h" },
    ),
    maxHold: duration("Longest hold.", { default: "16s", min: "100ms", max: "1h" }),
    loopDelay: block(
      "During an overload: how long the turn of the event loop that reads a request has worked already.",
      {
        from: duration(
          "Refusals begin, of a share that grows with the delay. Those of sheddable requests begin at half of it.",
          {
            default: "8ms",
            min: "1ms",
            max: "10s",
          },
        ),
        to: duration(
          "All but the critical are refused; these from twice to four times as long, or by the patience where that is longer.",
          {
            default: "16ms",
            min: "1ms",
            max: "60s",
          },
        ),
      },
    ),
    heap: block("Share of the heap's limit in use, looked at once a second.", {
      from: rate("Refusals begin, of a share that grows with the heap.", { ...share, default: "90%" }),
      to: rate("All is refused.", { ...share, default: "98%" }),
    }),
  },
);
