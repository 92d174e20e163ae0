import type * as dialects from "./schema-dialect.ts";

import { createRequire } from "node:module";
import { extname } from "node:path";

const require = createRequire(import.meta.url);

/**
 * Loads ajv, and what bounds its code, when code is first generated: it takes 50 ms and 15 MiB, which no start has to
 * wait for. A request may, so the load is synchronous: an `import()` would not be.
 */
export function loadDialects(): typeof dialects {
  // The compiled file has another extension.
  return require(`./schema-dialect${extname(import.meta.filename)}`) as typeof dialects;
}
