/**
 * RFC 6901 §6: a JSON pointer as a URI fragment, `#/lines/0/sku`.
 *
 * @param pointer in its plain form, `/lines/0/sku`, `~` and `/` within names escaped
 */
export function fragmentPointer(pointer: string): string {
  // encodeURI leaves `#`, which a fragment cannot hold, and throws on lone surrogates.
  return `#${encodeURI(pointer.toWellFormed()).replaceAll("#", "%23")}`;
}

/** The plain pointer of a member of what `parent` points at. */
export function memberPointer(parent: string, name: string): string {
  return `${parent}/${escapeMember(name)}`;
}

/** RFC 6901 §3. */
function escapeMember(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The members' names on the way of a plain pointer. */
export function pointerMembers(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((member) => member.replaceAll("~1", "/").replaceAll("~0", "~"));
}
