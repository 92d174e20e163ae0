/**
 * The words the schema is written in. Each makes a schema, typed by typebox, that describes the file's side (`5s`, a string)
 * and whose static type is the resolved side (milliseconds, a number), so that a key is declared once: its name,
 * syntax, unit, default, bounds and prose.
 */
import type { Static, TObject, TProperties, TSchema, TUnsafe } from "typebox";

import type { SyntaxName } from "../syntax.ts";
import type { Unit } from "../duration.ts";

/** What the loader and the generators read from a field; every schema made here has this shape. */
export interface FieldSchema {
  readonly description: string;
  readonly type: "object" | "array" | "string" | "integer" | "boolean";
  /** In the file's syntax. A field with neither a default nor a presence is mandatory; a block never is. */
  readonly default?: unknown;
  /**
   * `off`: absent means undefined. `derived`: absent means a value that depends on others, told in `derivation`; an
   * `off` field with a derivation has a value that moves at run time.
   */
  readonly presence?: "off" | "derived";
  readonly derivation?: string;
  /** A derived field is mandatory after all unless this key of the same block is there. */
  readonly unless?: string;
  readonly unit?: Unit;
  readonly syntax?: SyntaxName;
  readonly enum?: readonly (string | number)[];
  /** Words allowed in place of an integer. */
  readonly words?: readonly string[];
  /** Bounds of an integer or, in the file's syntax, of a duration, size or rate. Inclusive. */
  readonly minimum?: number | string;
  readonly maximum?: number | string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  /** Names of a record are of this syntax; `values` is the schema of each of its members. */
  readonly names?: SyntaxName;
  readonly values?: FieldSchema;
  readonly minProperties?: number;
  readonly items?: FieldSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** A bare scalar stands for a block with this one key. */
  readonly shorthand?: string;
}

/** Whether the file must set a field: one without a default, or a block with such a field in it. */
export function isMandatory(field: FieldSchema): boolean {
  if (field.presence !== undefined || field.default !== undefined) return false;
  return field.properties === undefined || Object.values(field.properties).some(isMandatory);
}

interface Bounds<T> {
  readonly default?: T;
  readonly min: T;
  readonly max: T;
}

function measure(unit: Unit, description: string, bounds: Bounds<string>): TUnsafe<number> {
  const { min, max, ...rest } = bounds;
  return typed<number>({ type: "string", unit, description, minimum: min, maximum: max, ...rest });
}

/** A span of time; milliseconds when resolved. No timer may be off by being 0 unless its bounds say so. */
export function duration(description: string, bounds: Partial<Bounds<string>> = {}): TUnsafe<number> {
  return measure("duration", description, { min: "1ms", max: "24h", ...bounds });
}

/** An amount of bytes. */
export function size(description: string, bounds: Bounds<string>): TUnsafe<number> {
  return measure("size", description, bounds);
}

/** A share; a fraction of 1 when resolved. */
export function rate(description: string, bounds: Bounds<string>): TUnsafe<number> {
  return measure("rate", description, bounds);
}

export function integer(description: string, bounds: Bounds<number>): TUnsafe<number>;
export function integer<const W extends string>(
  description: string,
  bounds: Bounds<number> & { readonly words: readonly W[] },
): TUnsafe<number | W>;
export function integer(description: string, bounds: Bounds<number> & { readonly words?: readonly string[] }): TSchema {
  const { min, max, ...rest } = bounds;
  return typed<number | string>({ type: "integer", description, minimum: min, maximum: max, ...rest });
}

/** True or false. */
export function flag(description: string, standard: boolean): TUnsafe<boolean> {
  return typed<boolean>({ type: "boolean", description, default: standard });
}

/** Text of a named syntax, see syntax.ts. Files are absolute paths when resolved. */
export function text(syntax: SyntaxName, description: string, standard?: string): TUnsafe<string> {
  return typed<string>({
    type: "string",
    syntax,
    description,
    ...(standard === undefined ? {} : { default: standard }),
  });
}

/** One of a few words or numbers. */
export function choice<const V extends string | number>(
  values: readonly V[],
  description: string,
  standard?: NoInfer<V>,
): TUnsafe<V> {
  const type = typeof values[0] === "number" ? "integer" : "string";
  return typed<V>({ type, enum: values, description, ...(standard === undefined ? {} : { default: standard }) });
}

interface ListOptions {
  readonly default?: readonly unknown[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

export function list<S extends TSchema>(
  items: S,
  description: string,
  options: ListOptions = {},
): TUnsafe<Static<S>[]> {
  return typed<Static<S>[]>({ type: "array", items, description, maxItems: 1000, ...options });
}

interface RecordOptions {
  readonly names: SyntaxName;
  readonly default?: Readonly<Record<string, unknown>>;
  readonly minProperties?: number;
}

export function record<S extends TSchema>(
  values: S,
  description: string,
  options: RecordOptions,
): TUnsafe<Record<string, Static<S>>> {
  return typed<Record<string, Static<S>>>({ type: "object", values, description, ...options });
}

/** A fixed set of keys. Absent, it stands with the defaults of all its keys. */
export function block<P extends TProperties>(description: string, properties: P): TObject<P> {
  const required = Object.keys(properties);
  return { type: "object", required, properties, description } as unknown as TObject<P>;
}

/** The same block, for which a bare scalar may stand: the value of `key`. */
export function withShorthand<S extends TSchema>(key: string, schema: S): TUnsafe<Static<S>> {
  return typed<Static<S>>({ ...schema, shorthand: key });
}

/** The same field, undefined where the file does not set it. */
export function off<S extends TSchema>(schema: S): TUnsafe<Static<S> | undefined> {
  return typed<Static<S> | undefined>({ ...schema, presence: "off" });
}

/** The same field; where the file does not set it, draft.ts works it out as `derivation` tells. */
export function derived<S extends TSchema>(
  schema: S,
  derivation: string,
  condition: Pick<FieldSchema, "unless"> = {},
): TUnsafe<Static<S>> {
  return typed<Static<S>>({ ...schema, presence: "derived", derivation, ...condition });
}

/** The same field; where the file does not set it, it follows what happens at run time, as `derivation` tells. */
export function following<S extends TSchema>(schema: S, derivation: string): TUnsafe<Static<S> | undefined> {
  return typed<Static<S> | undefined>({ ...schema, presence: "off", derivation });
}

/** A schema with a static type. Only typebox's types are used: to load the library takes 90 ms and 22 MiB. */
function typed<Resolved>(schema: object): TUnsafe<Resolved> {
  return schema as TUnsafe<Resolved>;
}
