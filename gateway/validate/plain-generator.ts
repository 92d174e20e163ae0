import type { ValidateFunction } from "ajv";
import type AjvCore from "ajv/dist/core.js";

import type { Extent, Generate } from "./schema-check.ts";
import type { Draft } from "./schema-document.ts";

import { loadDialects } from "./code-generation.ts";

/**
 * Generates the code of plain schemas. They refer to nothing outside themselves, so the compilers need no other schema,
 * and are replaced from time to time: ajv keeps for ever what it made while compiling.
 */
export class PlainGenerator {
  readonly #compilers = new Map<string, { readonly ajv: AjvCore.default; left: number }>();

  readonly generate: Generate = ({ uri, schema, draft }, extent): ValidateFunction => {
    const ajv = this.#compiler(draft, extent);
    // Under its address, for that is the base of its references.
    ajv.addSchema(schema, uri);
    return ajv.compile(schema);
  };

  #compiler(draft: Draft, extent: Extent): AjvCore.default {
    const name = `${draft} ${extent}`;
    let compiler = this.#compilers.get(name);
    if (compiler === undefined || compiler.left === 0) {
      compiler = { ajv: loadDialects().createCompiler(draft, extent), left: schemasPerCompiler };
      this.#compilers.set(name, compiler);
    }
    compiler.left--;
    return compiler.ajv;
  }
}

/** Making a compiler takes about as long as compiling a schema. */
const schemasPerCompiler = 16;
