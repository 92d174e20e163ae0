/** Whether these bytes follow, in upper or lower case: 0x20 is what letters differ by, and signs and digits have it. */
export function startsWith(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (((bytes[at + index] ?? 0) | 0x20) !== ((expected[index] ?? 0) | 0x20)) return false;
  }
  return true;
}

/** Digits alone, with blanks around them; undefined for anything else. */
export function numberAt(bytes: Buffer, start: number, end: number): number | undefined {
  let at = start;
  let last = end;
  while (at < last && isBlank(bytes[at])) at += 1;
  while (last > at && isBlank(bytes[last - 1])) last -= 1;
  if (at === last || last - at > 15) return undefined;
  let value = 0;
  for (; at < last; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** In lower case, without blanks around it. */
export function textAt(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("latin1", start, end).trim().toLowerCase();
}
