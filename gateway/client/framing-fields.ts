/** The body's length as a Content-Length among the fields promises it; undefined where there is none. */
export function promisedLength(fields: readonly string[]): number | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === "content-length") return Number(fields[i + 1]);
  return undefined;
}

/** Whether a field of this lower-case name is among them. */
export function hasField(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return true;
  return false;
}

let dateSecond = 0;
let dateText = "";

/** RFC 9110 §6.6.1: an origin's answer, and ours, says when it was made. Formatted once a second. */
export function dateField(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}
