import type { FieldSchema } from "./schema/field.ts";

import { configSchema } from "./schema.ts";
import { nearestName } from "./nearest.ts";

const homes = new Map<string, string[]>();
collectHomes(configSchema as unknown as FieldSchema, "");

function collectHomes(field: FieldSchema, place: string): void {
  if (field.items !== undefined) collectHomes(field.items, `${place}[]`);
  if (field.values !== undefined) collectHomes(field.values, `${place}.*`);
  for (const [name, property] of Object.entries(field.properties ?? {})) {
    const known = homes.get(name) ?? [];
    homes.set(name, [...known, place === "" ? "the top level" : place]);
    collectHomes(property, place === "" ? name : `${place}.${name}`);
  }
}

interface KeyAdvice {
  /** The key of this block that was probably meant. */
  readonly meant: string | undefined;
  readonly hint: string;
}

/** What to say of a key that a block does not know. `names`: the keys it knows. */
export function adviseOnKey(written: string, names: readonly string[]): KeyAdvice {
  const meant = nearestName(written, names);
  const places = homes.get(written)?.slice(0, 5).join(", ");
  if (places !== undefined) {
    const belongs = `'${written}' belongs in ${places}`;
    return { meant, hint: meant === undefined ? belongs : `did you mean '${meant}'? ${belongs}` };
  }
  if (meant !== undefined) return { meant, hint: `did you mean '${meant}'?` };
  return { meant, hint: `known here: ${names.join(", ")}` };
}
