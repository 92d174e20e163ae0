import type { ValidateFunction } from "ajv";

import type { SchemaDocument } from "./schema-document.ts";

import { Failure } from "../failures/failure.ts";

/** Generates the code of a schema: that which stops at the first error, or that which finds every error. */
export type Generate = (document: SchemaDocument, extent: Extent) => ValidateFunction;
export type Extent = "quick" | "thorough";

/**
 * A schema that was found sound. Its code may still have to be generated: each function is when it is first read, which
 * takes milliseconds. `errors` of either function is shared between calls: read it at once.
 */
export class SchemaCheck {
  readonly document: SchemaDocument;
  readonly #generate: Generate;
  #quick: ValidateFunction | undefined;
  #thorough: ValidateFunction | undefined;
  #fault: Failure | undefined;

  constructor(document: SchemaDocument, generate: Generate) {
    this.document = document;
    this.#generate = generate;
  }

  /** Whether `quick` can be read without generating code. */
  get isReady(): boolean {
    return this.#quick !== undefined || this.#fault !== undefined;
  }

  /**
   * Stops at the first error.
   *
   * @throws Failure internal where no code can be generated, which the review of schemas is to rule out
   */
  get quick(): ValidateFunction {
    return (this.#quick ??= this.#make("quick"));
  }

  /**
   * Finds every error.
   *
   * @throws Failure internal, as `quick` does
   */
  get thorough(): ValidateFunction {
    return (this.#thorough ??= this.#make("thorough"));
  }

  #make(extent: Extent): ValidateFunction {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      return this.#generate(this.document, extent);
    } catch (error) {
      const cause = new Error(`${this.document.file}#: no code can be generated for this schema`, { cause: error });
      this.#fault = new Failure("internal", { cause });
      throw this.#fault;
    }
  }
}
