const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `text` as a JSON string. Nearly all text is plain ASCII and needs only its quotes. */
export function jsonString(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** `text` as a JSON string, or null where there is none. */
export function jsonStringOrNull(text: string | undefined): string {
  return text === undefined ? "null" : jsonString(text);
}
