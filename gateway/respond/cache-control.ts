/** Cache-Control's directives by lower-case name; the value is empty where there is none. RFC 9111 §5.2. */
export type Directives = ReadonlyMap<string, string>;

const directive = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;

export function parseCacheControl(values: readonly string[]): Directives {
  const directives = new Map<string, string>();
  for (const value of values) {
    for (const [, name = "", quoted, token] of value.matchAll(directive)) {
      const known = name.toLowerCase();
      // RFC 9111 §4.2.1: of several, the first counts.
      if (!directives.has(known)) directives.set(known, quoted?.replaceAll(/\\(.)/g, "$1") ?? token ?? "");
    }
  }
  return directives;
}

/** A directive's seconds; 0 where they do not parse, as of something that is stale already (RFC 9111 §4.2.1). */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d{1,10}$/.test(value) ? Number(value) : 0;
}
