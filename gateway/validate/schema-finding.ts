/** Something an operator should know about a schema. With an error among them, a configuration must not start. */
export interface SchemaFinding {
  /** Absolute path of the schema's file. */
  readonly file: string;
  /** `#` and an RFC 6901 pointer, not percent-encoded, for people read it: `#/properties/sku`; `#` for the whole. */
  readonly pointer: string;
  readonly severity: "error" | "warning";
  readonly message: string;
}
