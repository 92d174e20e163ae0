import type { Config, RouteConfig } from "../config/schema.ts";
import type { SchemaFinding } from "./schema-finding.ts";
import type { BodyRules, ParameterRules, RouteValidator } from "./validate.ts";

import { compileAcceptedTypes } from "./media-type.ts";
import { memberPointer } from "./pointer.ts";
import { readParameterTypes } from "./parameter-types.ts";
import { SchemaCompiler } from "./schema-compiler.ts";
import { isObject } from "./schema-document.ts";

export interface CompiledSchemas {
  /** Of every route, by its id. Where there are errors, rules of broken schemas are missing. */
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly findings: readonly SchemaFinding[];
}

/** Compiles all the schemas of a configuration: at load, never for a request. */
export function compileSchemas(config: Pick<Config, "schemas" | "routes">): CompiledSchemas {
  const compiler = new SchemaCompiler(config.schemas);
  for (const file of config.schemas) compiler.compile(file);
  const validators = new Map<string, RouteValidator>();
  const byRules = new Map<string, RouteValidator>();
  const notes: SchemaFinding[] = [];
  for (const { id, request, response } of config.routes) {
    // Routes with equal rules share them.
    const key = JSON.stringify([request, response?.schema]);
    const validator = byRules.get(key) ?? validatorOf(compiler, request, response?.schema);
    byRules.set(key, validator);
    validators.set(id, validator);
    notes.push(...headerNameNotes(validator.headers), ...openTypeNotes(validator.body));
  }
  return { validators, findings: unique([...compiler.findings, ...notes]) };
}

function validatorOf(
  compiler: SchemaCompiler,
  request: RouteConfig["request"],
  response: string | undefined,
): RouteValidator {
  return {
    path: parameterRules(compiler, request.path?.schema),
    query: parameterRules(compiler, request.query?.schema),
    headers: parameterRules(compiler, request.headers?.schema),
    body: bodyRules(compiler, request.body),
    invalidStatus: request.invalidStatus,
    response: response === undefined ? undefined : compiler.compile(response),
  };
}

function parameterRules(compiler: SchemaCompiler, file: string | undefined): ParameterRules | undefined {
  const check = file === undefined ? undefined : compiler.compile(file);
  return check && { check, types: readParameterTypes(check.document.schema) };
}

function bodyRules(compiler: SchemaCompiler, config: RouteConfig["request"]["body"]): BodyRules {
  const { schema, maxSize, contentTypes, required } = config;
  const { contentEncodings, maxInflatedSize, maxInflateRatio } = config;
  const types = contentTypes ?? (schema === undefined ? undefined : ["application/json"]);
  return {
    check: schema === undefined ? undefined : compiler.compile(schema),
    maxBytes: maxSize,
    // The resolved configuration says any with an empty list.
    accepted: types === undefined || types.length === 0 ? undefined : compileAcceptedTypes(types),
    codings: {
      codings: new Set(contentEncodings),
      acceptEncoding: contentEncodings.length === 0 ? "identity" : contentEncodings.join(", "),
      maxBytes: maxInflatedSize,
      maxRatio: maxInflateRatio,
    },
    isRequired: required,
  };
}

/** Field names reach their schema in lower case: a property named otherwise is never there. */
function headerNameNotes(rules: ParameterRules | undefined): SchemaFinding[] {
  if (rules === undefined) return [];
  const { file } = rules.check.document;
  const mixed = [...rules.types.byName.keys()].filter((name) => name !== name.toLowerCase());
  return mixed.map((name) => ({
    file,
    pointer: memberPointer("#/properties", name),
    severity: "warning",
    message: "header fields reach the schema by lower-case name, so this one is never there",
  }));
}

/** `properties` and `required` say nothing about a value that is no object. */
function openTypeNotes(rules: BodyRules | undefined): SchemaFinding[] {
  const document = rules?.check?.document;
  const schema = document?.schema;
  if (document === undefined || !isObject(schema)) return [];
  if (pinningKeywords.some((keyword) => keyword in schema)) return [];
  const message = "does not pin the type of the whole: a bare string would pass a schema meant for objects";
  return [{ file: document.file, pointer: "#", severity: "warning", message }];
}

function unique(findings: readonly SchemaFinding[]): SchemaFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

const pinningKeywords = ["type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not", "if"];
