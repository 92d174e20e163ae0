/** Where the runner writes for people. */
export interface Screen {
  write(text: string): void;
  /** A terminal: a line may be written over. */
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  /** Characters in a line. */
  width(): number;
}

const codes = { plain: 0, bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export type Style = keyof typeof codes;

/** Text, each piece in its style. */
export type Piece = readonly [text: string, style?: Style];

/** The pieces as one line; `width` cuts what the line has no room for, colour codes not counted. */
export function lineOf(pieces: readonly Piece[], screen: Pick<Screen, "hasColour">, width = Infinity): string {
  let room = width;
  let line = "";
  for (const [text, style = "plain"] of pieces) {
    const shown = text.length > room ? text.slice(0, Math.max(0, room)) : text;
    room -= shown.length;
    if (shown !== "")
      line += screen.hasColour && style !== "plain" ? `\u001B[${codes[style]}m${shown}\u001B[0m` : shown;
  }
  return line;
}
