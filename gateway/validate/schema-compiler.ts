import type { MissingRefError, ValidateFunction } from "ajv";

import type { Dialect } from "./schema-dialect.ts";
import type { Draft, SchemaDocument } from "./schema-document.ts";
import type { SchemaFinding } from "./schema-finding.ts";

import { loadDialects } from "./code-generation.ts";
import { PlainGenerator } from "./plain-generator.ts";
import { isPlainSchema } from "./plain-schema.ts";
import { SchemaCheck } from "./schema-check.ts";
import { metaSchemas } from "./schema-document.ts";
import { schemaFaults } from "./schema-faults.ts";
import { SchemaLibrary } from "./schema-library.ts";
import { formatsIn, locateKeyword, locateReference, mayRecurse, reviewSchema } from "./schema-review.ts";

/**
 * Reads schema files, each once, and gathers what there is to say about them. One that cannot be compiled names itself
 * and stops no other. A plain schema is not compiled: it is known that nothing could be said of it. Any other is, since
 * only compiling it shows what is wrong with it.
 */
export class SchemaCompiler {
  readonly findings: SchemaFinding[] = [];
  readonly #library: SchemaLibrary;
  readonly #isPlain: (document: SchemaDocument) => boolean;
  readonly #dialects = new Map<Draft, Dialect>();
  readonly #checks = new Map<string, SchemaCheck | undefined>();
  /** Plain schemas, by their addresses. */
  readonly #plain = new Map<string, SchemaDocument>();
  readonly #generator = new PlainGenerator();
  readonly #unknownFormats = new Set<string>();
  #warnings: string[] = [];

  /** @param registered files whose `$id` other schemas may refer to */
  constructor(registered: readonly string[], isPlain = isPlainSchema) {
    this.#library = new SchemaLibrary(registered, (finding) => this.findings.push(finding));
    this.#isPlain = isPlain;
  }

  /** Undefined where the file has an error, which is then among the findings. */
  compile(file: string): SchemaCheck | undefined {
    if (this.#checks.has(file)) return this.#checks.get(file);
    // While it compiles, what refers back to it need not start again.
    this.#checks.set(file, undefined);
    const document = this.#library.read(file);
    const check = document && this.#compileDocument(document);
    this.#checks.set(file, check);
    return check;
  }

  #compileDocument(document: SchemaDocument): SchemaCheck | undefined {
    const review = reviewSchema(document);
    this.findings.push(...review);
    const isBroken = review.some(({ severity }) => severity === "error");
    if (!isBroken && this.#isAlone(document) && this.#isPlain(document)) return this.#defer(document);
    if (!this.#obeysMetaSchema(document) || isBroken) return undefined;
    try {
      const dialect = this.#dialect(document.draft);
      this.#admitFormats(document, dialect);
      const functions = this.#build(document, dialect);
      this.#reportWarnings(document);
      const check = new SchemaCheck(document, (_, extent) => functions[extent] ?? own(dialect[extent], document));
      probe(check, functions);
      return check;
    } catch (error) {
      const message = error instanceof RangeError ? "refers to itself without end" : messageOf(error);
      const pointer = isMissingReference(error) ? locateReference(document, error.missingRef) : "#";
      this.findings.push({ file: document.file, pointer, severity: "error", message });
      return undefined;
    }
  }

  /** Whether no other schema was read that has the same address. */
  #isAlone(document: SchemaDocument): boolean {
    return this.#library.find(document.uri) === document;
  }

  #defer(document: SchemaDocument): SchemaCheck {
    this.#plain.set(document.uri, document);
    const dialect = this.#dialects.get(document.draft);
    // Schemas that are compiled may refer to it, as to those that were compiled before them.
    if (dialect !== undefined) add(dialect, document.uri, document);
    return new SchemaCheck(document, this.#generator.generate);
  }

  /** Compiles; where a reference is missing, finds its file, adds it, and compiles again. */
  #build(document: SchemaDocument, dialect: Dialect): Functions {
    add(dialect, document.uri, document);
    for (;;) {
      this.#warnings = [];
      try {
        const quick = own(dialect.quick, document);
        // Without references, the second compilation finds what the first has found.
        return { quick, thorough: mayRecurse(document.schema) ? own(dialect.thorough, document) : undefined };
      } catch (error) {
        if (!isMissingReference(error)) throw error;
        const target = this.#library.find(error.missingSchema);
        if (target === undefined || isKnown(dialect, error.missingSchema)) throw error;
        add(dialect, error.missingSchema, target);
        // By itself first, so that what there is to say of it is said of its own file.
        this.compile(target.file);
      }
    }
  }

  #obeysMetaSchema(document: SchemaDocument): boolean {
    const { thorough } = this.#dialect(document.draft);
    if (thorough.validate(metaSchemas[document.draft], document.schema)) return true;
    for (const [path, message] of schemaFaults(thorough.errors ?? [])) {
      this.findings.push({ file: document.file, pointer: `#${path}`, severity: "error", message });
    }
    return false;
  }

  /** ajv refuses formats that it does not know, whatever its options; JSON Schema has them mean nothing. */
  #admitFormats(document: SchemaDocument, { quick, thorough }: Dialect): void {
    for (const [pointer, format] of formatsIn(document)) {
      if (!this.#unknownFormats.has(format) && quick.formats[format] !== undefined) continue;
      this.#unknownFormats.add(format);
      for (const ajv of [quick, thorough]) ajv.addFormat(format, true);
      const message = "is a format that is not known, and so allows everything";
      this.findings.push({ file: document.file, pointer, severity: "warning", message });
    }
  }

  #reportWarnings({ file, schema }: SchemaDocument): void {
    for (const message of new Set(this.#warnings)) {
      const [, keyword, path = "#"] = /unknown keyword: "(.*)"|at (?:path )?"(#[^"]*)"/.exec(message) ?? [];
      // ajv writes its paths percent-encoded.
      const pointer = keyword === undefined ? decodeURIComponent(path) : locateKeyword(schema, keyword);
      this.findings.push({ file, pointer, severity: "warning", message });
    }
    this.#warnings = [];
  }

  #dialect(draft: Draft): Dialect {
    let dialect = this.#dialects.get(draft);
    if (dialect === undefined) {
      dialect = loadDialects().createDialect(draft, (message) => this.#warnings.push(message));
      this.#dialects.set(draft, dialect);
      for (const document of this.#library.registered) add(dialect, document.uri, document);
      for (const document of this.#plain.values()) if (document.draft === draft) add(dialect, document.uri, document);
    }
    return dialect;
  }
}

function add({ quick, thorough }: Dialect, uri: string, { schema }: SchemaDocument): void {
  for (const ajv of [quick, thorough]) {
    if (ajv.schemas[uri] === undefined && ajv.refs[uri] === undefined) ajv.addSchema(schema, uri);
  }
}

function isKnown({ quick }: Dialect, uri: string): boolean {
  return quick.schemas[uri] !== undefined || quick.refs[uri] !== undefined;
}

interface Functions {
  readonly quick: ValidateFunction;
  readonly thorough: ValidateFunction | undefined;
}

function own(ajv: Dialect["quick"], { schema }: SchemaDocument): ValidateFunction {
  const validate = ajv.compile(schema);
  if ("$async" in validate) throw new Error("$async is no keyword of JSON Schema");
  return validate;
}

/** A schema that refers to itself without going down into the value fails for every value: better now than then. */
function probe({ quick }: SchemaCheck, { thorough }: Functions): void {
  for (const value of [null, {}, [], "", 0, true]) {
    quick(value);
    thorough?.(value);
  }
}

function isMissingReference(error: unknown): error is MissingRefError {
  return error instanceof Error && "missingRef" in error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
