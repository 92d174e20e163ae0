import type { ValidateFunction } from "ajv";

import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";

import type { Draft } from "../../gateway/validate/schema-document.ts";

/** ajv with the gateway's options and its own keywords: what the gateway's checks are compared with. */
export function plainAjv(draft: Draft, schema: object): { quick: ValidateFunction; thorough: ValidateFunction } {
  const options = {
    strict: false,
    strictNumbers: true,
    validateSchema: false,
    ownProperties: true,
    verbose: true,
    logger: false,
  } as const;
  return {
    quick: new classes[draft](options).compile(schema),
    thorough: new classes[draft]({ ...options, allErrors: true }).compile(schema),
  };
}

const classes = { "draft-07": Ajv, "2019-09": Ajv2019, "2020-12": Ajv2020 } as const;
