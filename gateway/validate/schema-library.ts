import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { SchemaDocument } from "./schema-document.ts";
import type { SchemaFinding } from "./schema-finding.ts";

import { readSchemaDocument } from "./schema-document.ts";

/** The schema files of a configuration, each read once, and what URIs they answer to. Never asks the network. */
export class SchemaLibrary {
  readonly #report: (finding: SchemaFinding) => void;
  readonly #byFile = new Map<string, SchemaDocument | undefined>();
  readonly #byUri = new Map<string, SchemaDocument>();
  /** Documents that others refer to by `$id`. */
  readonly registered: readonly SchemaDocument[];

  constructor(registered: readonly string[], report: (finding: SchemaFinding) => void) {
    this.#report = report;
    this.registered = registered.flatMap((file) => this.#register(file));
  }

  /** Undefined where it cannot be read as a schema, which is reported. */
  read(file: string): SchemaDocument | undefined {
    if (this.#byFile.has(file)) return this.#byFile.get(file);
    let document: SchemaDocument | undefined;
    try {
      document = readSchemaDocument(file);
    } catch (error) {
      this.#fault(file, error instanceof Error ? error.message : String(error));
    }
    this.#byFile.set(file, document);
    if (document !== undefined && !this.#byUri.has(document.uri)) this.#byUri.set(document.uri, document);
    return document;
  }

  /**
   * What an absolute URI, without fragment, refers to: a document of that `$id`, or a file that lies to a document
   * already read as the one URI lies to the other.
   */
  find(uri: string): SchemaDocument | undefined {
    const known = this.#byUri.get(uri);
    if (known !== undefined) return known;
    for (const candidate of this.#filesBeside(uri)) {
      if (existsSync(candidate)) return this.read(candidate);
    }
    return undefined;
  }

  #filesBeside(uri: string): string[] {
    if (uri.startsWith("file:")) return [fileURLToPath(uri)];
    const documents = [...this.#byFile.values()].filter((document) => document !== undefined);
    return documents.flatMap((document) => {
      if (!URL.canParse(".", document.uri)) return [];
      const folder = new URL(".", document.uri).href;
      return uri.startsWith(folder)
        ? [resolve(dirname(document.file), decodeURIComponent(uri.slice(folder.length)))]
        : [];
    });
  }

  #register(file: string): SchemaDocument[] {
    const document = this.read(file);
    if (document === undefined) return [];
    if (typeof document.schema === "boolean" || document.schema["$id"] === undefined) {
      this.#fault(file, "has no $id, and so cannot be registered by it");
      return [];
    }
    if (this.#byUri.get(document.uri) !== document) {
      this.#fault(file, "has the $id of another file");
      return [];
    }
    return [document];
  }

  #fault(file: string, message: string): void {
    this.#report({ file, pointer: "#", severity: "error", message });
  }
}
