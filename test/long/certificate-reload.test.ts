import { test } from "node:test";

import { reloadUnderLoad } from "../journeys/certificate-reload.ts";

test("ten changes of the certificate under load cost no request", { timeout: 120_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await reloadUnderLoad(10, 16)));
});
