/**
 * Rewrites a JavaScript regular expression, already known to be one, so that RE2 reads it with the same meaning. The
 * two differ in what `.` and `\s` cover, in `[^]`, in `[` within a class, and in how code points are escaped.
 *
 * @returns undefined where RE2 has no equivalent; RE2 itself refuses lookaround, back-references and repeats over 1,000
 */
export function translatePattern(pattern: string): string | undefined {
  let output = "";
  let isInClass = false;
  for (let i = 0; i < pattern.length;) {
    const piece: Piece | undefined = isInClass ? inClass(pattern, i) : outsideClass(pattern, i);
    if (piece === undefined) return undefined;
    output += piece.text;
    i += piece.length;
    isInClass = piece.isInClass ?? isInClass;
  }
  return output;
}

interface Piece {
  readonly text: string;
  /** Characters of the source it stands for. */
  readonly length: number;
  readonly isInClass?: boolean;
}

function outsideClass(pattern: string, at: number): Piece | undefined {
  switch (pattern.charAt(at)) {
    case "\\":
      return escape(pattern, at, false);
    case ".":
      return { text: "[^\\n\\r\\x{2028}\\x{2029}]", length: 1 };
    case "[":
      return classStart(pattern, at);
    default:
      return { text: pattern.charAt(at), length: 1 };
  }
}

function classStart(pattern: string, at: number): Piece | undefined {
  if (pattern.startsWith("[^]", at)) return { text: "(?s:.)", length: 3 };
  if (pattern.startsWith("[]", at)) return undefined;
  const isNegated = pattern[at + 1] === "^";
  return { text: isNegated ? "[^" : "[", length: isNegated ? 2 : 1, isInClass: true };
}

function inClass(pattern: string, at: number): Piece | undefined {
  switch (pattern.charAt(at)) {
    case "\\":
      return escape(pattern, at, true);
    case "]":
      return { text: "]", length: 1, isInClass: false };
    case "[":
      // Bare, RE2 could read it as the start of a POSIX class such as [:alpha:].
      return { text: "\\[", length: 1 };
    default:
      return { text: pattern.charAt(at), length: 1 };
  }
}

function escape(pattern: string, at: number, isInClass: boolean): Piece | undefined {
  const codePoint = codePointEscape(pattern, at);
  if (codePoint !== undefined) return codePoint;
  const letter = pattern.charAt(at + 1);
  if (letter === "s") return { text: isInClass ? spaces : `[${spaces}]`, length: 2 };
  if (letter === "S") return isInClass ? undefined : { text: `[^${spaces}]`, length: 2 };
  if (letter === "b" && isInClass) return { text: "\\x08", length: 2 };
  if (letter === "0" && !/[0-9]/.test(pattern.charAt(at + 2))) return { text: "\\x00", length: 2 };
  if ("dDwWtnrfv".includes(letter) || ("bB".includes(letter) && !isInClass)) return { text: `\\${letter}`, length: 2 };
  if ("pP".includes(letter)) return property(pattern, at);
  // Back-references, and letters that only lax syntax takes for themselves.
  if (/[0-9A-Za-z]/.test(letter)) return undefined;
  return { text: /[!-/:-@[-`{-~]/.test(letter) ? `\\${letter}` : letter, length: 2 };
}

/** `\u0041`, `\u{41}`, `\x41`, `\cA` and surrogate pairs: one code point each. */
function codePointEscape(pattern: string, at: number): Piece | undefined {
  codePoints.lastIndex = at;
  const found = codePoints.exec(pattern);
  if (found === null) return undefined;
  const [text, high, low, braced, unit, byte, control] = found;
  let code = Number.parseInt(braced ?? unit ?? byte ?? "0", 16);
  if (high !== undefined && low !== undefined) {
    code = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
  }
  if (control !== undefined) code = control.charCodeAt(0) % 32;
  return { text: `\\x{${code.toString(16)}}`, length: text.length };
}

/** RE2 knows general categories by their short names and scripts by their long ones, both bare. */
function property(pattern: string, at: number): Piece | undefined {
  properties.lastIndex = at;
  const found = properties.exec(pattern);
  if (found === null) return undefined;
  const [text, letter, category, script] = found;
  return { text: `\\${letter}{${category ?? script}}`, length: text.length };
}

// ECMA-262 §22.2.2.9 WhiteSpace and LineTerminator; RE2's own \s is ASCII, without \v.
const spaces =
  "\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
const codePoints =
  /\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|c([a-z]))/iy;
const properties = /\\([pP])\{(?:(?:(?:gc|General_Category)=)?([A-Z][a-z]?)|(?:sc|Script)=([A-Z][A-Za-z_]+))\}/y;
