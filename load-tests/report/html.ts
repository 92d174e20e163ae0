/** Text that is HTML (or SVG) already. Made by `html` alone, so that whatever else goes into a page is escaped. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Markup[] | undefined;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A tagged template: strings and numbers are escaped, for text and for quoted attributes alike; markup is not. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = strings[0] ?? "";
  for (const [index, part] of parts.entries()) markup += written(part) + (strings[index + 1] ?? "");
  return { markup };
}

/** Text that this program itself has written, such as a style sheet. */
export function trusted(markup: string): Markup {
  return { markup };
}

function written(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "object") return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
  return String(part).replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
