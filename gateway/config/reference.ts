import type { FieldSchema } from "./schema/field.ts";

import { configSchema } from "./schema.ts";
import { syntaxes } from "./syntax.ts";

const preface = `# Configuration

Generated from gateway/config/schema.ts. YAML 1.2 or JSON; an annotated example is config/gateway.yaml, and the schema
for editors config/gateway.schema.json.

- Durations are written \`250ms\`, \`5s\`, \`2m\`, \`1h\`; sizes \`512B\`, \`64KiB\`, \`1MiB\`; rates \`50%\`.
- Relative files start at the folder of the configuration file.
- \`\${NAME}\` and \`\${NAME:-default}\` in a value are filled in from the environment. A value that is one whole
  substitution is typed again, so \`port: \${PORT}\` is a number. Unset without a default is an error. \`$\${\` stands for
  \`\${\`. Within \`{ }\` and \`[ ]\`, YAML wants such a value quoted.
- A partial block keeps the defaults of the rest. *off*: what the key is for does not happen unless it is there.
- An unknown or misplaced key is an error.`;

/** docs/configuration.md: a table for each block of keys, in the order of the schema. */
export function configurationReference(): string {
  return [preface, ...describeBlock("", configSchema as unknown as FieldSchema, 1)].join("\n\n") + "\n";
}

interface Member {
  readonly path: string;
  readonly field: FieldSchema;
}

function describeBlock(path: string, field: FieldSchema, depth: number): string[] {
  const members = Object.entries(field.properties ?? {}).map(([name, member]) => ({ name, field: member }));
  const rows = members.filter((member) => member.field.properties === undefined);
  const lines = rows.map((member) => row(member.name, member.field));
  const table = ["| key | value | default | meaning |", "| --- | --- | --- | --- |", ...lines].join("\n");
  const heading = path === "" ? "## Top level" : `${"#".repeat(Math.min(depth + 1, 4))} \`${path}\``;
  const state = field.presence === "off" ? " *Off unless present.*" : "";
  const inner = members.flatMap((member) => innerBlock(join(path, member.name), member.field));
  const own = path === "" ? [heading] : [heading, plain(field.description) + state];
  return [
    ...own,
    ...(rows.length === 0 ? [] : [table]),
    ...inner.flatMap((m) => describeBlock(m.path, m.field, depth + 1)),
  ];
}

/** The block that a key holds, or that each of its members is. */
function innerBlock(path: string, field: FieldSchema): Member[] {
  if (field.properties !== undefined) return [{ path, field }];
  if (field.items?.properties !== undefined) return [{ path: `${path}[]`, field: field.items }];
  return field.values?.properties === undefined ? [] : [{ path: `${path}.*`, field: field.values }];
}

function row(name: string, field: FieldSchema): string {
  return `| \`${name}\` | ${plain(describeValue(field))} | ${describeDefault(field)} | ${plain(field.description)} |`;
}

function join(block: string, name: string): string {
  return block === "" ? name : `${block}.${name}`;
}

/** Text in which nothing is markup but code spans. */
function plain(text: string): string {
  const parts = text.replaceAll("|", "\\|").split("`");
  return parts.map((part, index) => (index % 2 === 0 ? part.replaceAll(/[*<{]/g, "\\$&") : part)).join("`");
}

function describeValue(field: FieldSchema): string {
  if (field.items !== undefined)
    return field.items.properties === undefined ? `list: ${describeValue(field.items)}` : "list of blocks";
  if (field.values !== undefined) return `${nameOf(field)} → ${describeValue(field.values)}`;
  if (field.properties !== undefined) return "block";
  if (field.unit !== undefined) return `${field.unit}, ${field.minimum} to ${field.maximum}`;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.type === "boolean") return "`true`, `false`";
  if (field.type === "integer") {
    const words = (field.words ?? []).map((word) => `, \`${word}\``).join("");
    return `${field.minimum} to ${field.maximum}${words}`;
  }
  return field.syntax === undefined ? "text" : syntaxes[field.syntax].expected;
}

function nameOf({ names }: FieldSchema): string {
  return names === "settable-header" || names === "token" ? "header name" : "name";
}

function describeDefault(field: FieldSchema): string {
  if (field.derivation !== undefined) return field.derivation;
  if (field.presence === "off") return "*off*";
  if (field.default === undefined) return "**mandatory**";
  if (Array.isArray(field.default)) return `\`[${field.default.join(", ")}]\``;
  return `\`${typeof field.default === "string" ? field.default : JSON.stringify(field.default)}\``;
}
