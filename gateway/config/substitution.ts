/** A scalar's text with the environment filled in. `isWhole`: it was one substitution and nothing else. */
export type Substituted = { readonly text: string; readonly isWhole: boolean } | { readonly fault: string };

export type Environment = Readonly<Record<string, string | undefined>>;

// An escape, a substitution, or a `${` that is neither.
const notation = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Fills in `${NAME}` and `${NAME:-default}`; `$${` stands for `${`. As in a shell, `:-` also stands in for a
 * variable that is set and empty. What was filled in is not looked at again.
 */
export function substitute(source: string, environment: Environment): Substituted {
  if (!source.includes("${")) return { text: source, isWhole: false };
  let fault: string | undefined;
  let isWhole = false;
  const text = source.replace(notation, (found: string, name: string | undefined, standard: string | undefined) => {
    if (found === "$${") return "${";
    if (name === undefined) {
      fault ??= "has a `${` that is no substitution";
      return found;
    }
    const set = Object.hasOwn(environment, name) ? environment[name] : undefined;
    const value = standard === undefined ? set : set || standard;
    if (value === undefined) fault ??= `needs ${name}, which is not set in the environment`;
    isWhole = found.length === source.length;
    return value ?? "";
  });
  return fault === undefined ? { text, isWhole } : { fault };
}
