/** Puts values into the `{{name}}` places of a peer's config; a place without a value is the author's error. */
export function render(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the template asks for ${name}, which is not given`);
    return String(value);
  });
}
