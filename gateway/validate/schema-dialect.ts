import type { Logger, Options } from "ajv";
import type * as ajv2019 from "ajv/dist/2019.js";
import type * as ajv2020 from "ajv/dist/2020.js";
import type AjvCore from "ajv/dist/core.js";

import { Ajv } from "ajv";
import { createRequire } from "node:module";

import type { Extent } from "./schema-check.ts";
import type { Draft } from "./schema-document.ts";

import { patternEngine } from "./pattern/compile-pattern.ts";
import { parseEagerly } from "./branch-functions.ts";
import { addSafeFormats } from "./safe-formats.ts";
import { boundKeywords } from "./safe-keywords.ts";

/** A draft's two compilers. They hold the same schemas; what they build differs in when it stops. */
export interface Dialect {
  /** Stops at the first error: what every request meets. */
  readonly quick: AjvCore.default;
  /** Goes on to the end: for the report on a request that is refused. */
  readonly thorough: AjvCore.default;
}

/**
 * ajv for a draft. It never changes what it validates, asks no network, and takes from an object its own properties
 * alone. Its strict findings are warnings, for real-world schemas hold keywords and formats that nobody knows.
 */
export function createDialect(draft: Draft, warn: (message: string) => void): Dialect {
  const logger: Logger = { log: ignore, warn, error: warn };
  return { quick: create(draft, { logger }), thorough: create(draft, { logger: false, allErrors: true }) };
}

/** One of a draft's compilers, for schemas that are known to be sound: it reports nothing, and knows no meta-schema. */
export function createCompiler(draft: Draft, extent: Extent): AjvCore.default {
  return create(draft, { logger: false, allErrors: extent === "thorough", meta: false });
}

function create(draft: Draft, extra: Options): AjvCore.default {
  const ajv = new (classOf(draft))({
    strict: "log",
    // Properties are often declared by one branch of allOf and required by another.
    strictRequired: false,
    strictNumbers: true,
    // Schemas are checked against their draft's meta-schema once, by itself, which gives pointers.
    validateSchema: false,
    ownProperties: true,
    $data: false,
    // Errors keep the schema they come from: our words are made of it.
    verbose: true,
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
    code: { regExp: patternEngine, process: parseEagerly },
    ...extra,
  });
  boundKeywords(ajv);
  addSafeFormats(ajv);
  return ajv;
}

const require = createRequire(import.meta.url);

/** Later drafts are loaded when there is a schema of theirs. */
function classOf(draft: Draft): typeof Ajv | typeof ajv2019.Ajv2019 | typeof ajv2020.Ajv2020 {
  switch (draft) {
    case "draft-07":
      return Ajv;
    case "2019-09":
      return (require("ajv/dist/2019.js") as typeof ajv2019).Ajv2019;
    case "2020-12":
      return (require("ajv/dist/2020.js") as typeof ajv2020).Ajv2020;
  }
}

function ignore(): void {
  // ajv's log level says nothing that an operator needs.
}
