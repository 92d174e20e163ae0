import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureJourney } from "./failures/journey.ts";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { failureTable } from "../../gateway/failures/table.ts";
import { Stage } from "../support/stage.ts";
import { awaiting } from "./failures/awaiting.ts";
import { brokenBody } from "./failures/broken-body.ts";
import { garbledUpstream } from "./failures/garbled-upstream.ts";
import { impatientClient } from "./failures/impatient-client.ts";
import { invalidUpgrade } from "./failures/invalid-upgrade.ts";
import { limitedClient } from "./failures/limited-client.ts";
import { ownFault } from "./failures/own-fault.ts";
import { protectedUpstream } from "./failures/protected-upstream.ts";
import { refusedRequest } from "./failures/refused-request.ts";
import { replacedAnswer } from "./failures/replaced-answer.ts";
import { silentUpstream } from "./failures/silent-upstream.ts";
import { unreachableUpstream } from "./failures/unreachable-upstream.ts";
import { untrustedUpstream } from "./failures/untrusted-upstream.ts";
import { vanishingUpstream } from "./failures/vanishing-upstream.ts";

const journeys: readonly FailureJourney[] = [
  ...unreachableUpstream,
  ...untrustedUpstream,
  ...silentUpstream,
  ...vanishingUpstream,
  ...garbledUpstream,
  ...brokenBody,
  ...invalidUpgrade,
  ...replacedAnswer,
  ...protectedUpstream,
  ...limitedClient,
  ...impatientClient,
  ...refusedRequest,
  ...ownFault,
];

describe("the failure map, played", { concurrency: 4 }, () => {
  for (const { code, name, play } of journeys) {
    test(`${code}: ${name}`, { timeout: 15_000 }, async () => {
      await using stage = new Stage();
      await play(stage);
      // A journey cannot claim a row: the log must hold it.
      await stage.gateway.log.accessWithCode(code);
      await stage.settle();
    });
  }
});

test("every row is played, or reserved, or awaited: one of the three", () => {
  const played = new Set(journeys.map(({ code }) => code));
  for (const code of failureCodes) {
    const places = [played.has(code), failureTable[code].reserved, awaiting.includes(code)];
    assert.equal(places.filter(Boolean).length, 1, `${code}: played, reserved, awaiting = ${places.join(", ")}`);
  }
  assert.equal(new Set(awaiting).size, awaiting.length);
});
