import { test } from "node:test";

import { reloadUnderLoad } from "./certificate-reload.ts";

test("a certificate that changes under load costs no request", { timeout: 30_000 }, async () => {
  await reloadUnderLoad(1, 4);
});
