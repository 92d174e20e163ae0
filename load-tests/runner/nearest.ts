/** The name that was probably meant, by the pairs of letters both have; undefined where none has half of them. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let most = 0.5;
  for (const name of names) {
    const likeness = likenessOf(written.toLowerCase(), name.toLowerCase());
    if (likeness < most || (best !== undefined && likeness === most)) continue;
    best = name;
    most = likeness;
  }
  return best;
}

/** Sørensen–Dice over letter pairs, the word's ends counting as letters: 0 … 1. */
function likenessOf(one: string, other: string): number {
  const others = pairsOf(other);
  const total = one.length + 1 + others.length;
  let shared = 0;
  for (const pair of pairsOf(one)) {
    const place = others.indexOf(pair);
    if (place === -1) continue;
    others.splice(place, 1);
    shared += 1;
  }
  return (2 * shared) / total;
}

function pairsOf(word: string): string[] {
  const ended = ` ${word} `;
  return Array.from({ length: ended.length - 1 }, (_, index) => ended.slice(index, index + 2));
}
