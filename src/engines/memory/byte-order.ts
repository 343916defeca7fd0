// The order of keys that every engine shares: by the bytes of their UTF-8, as databases compare them.
// Owns only the comparison. JavaScript's own `<` compares UTF-16 units, which puts emoji before U+E000–U+FFFF;
// an order that differs between engines would make promotion differ.

/** Negative, 0 or positive, like a comparator: the order of the UTF-8 bytes of two texts. */
export function compareBytes(left: string, right: string): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const a = left.charCodeAt(i)
    const b = right.charCodeAt(i)
    if (a === b) continue
    // A surrogate stands for a character beyond U+FFFF, whose bytes come after all others.
    if (isSurrogate(a) !== isSurrogate(b)) return isSurrogate(a) ? 1 : -1
    return a - b
  }
  return left.length - right.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}
