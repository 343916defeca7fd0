// Kinds of hints as they travel between processes: one bit each, in a line of the feed of changes.

import type { Hint } from '../../core/hot-verbs.ts'

/** In the order of their bits. Append only. */
const KINDS: readonly Hint['kind'][] = ['work', 'due', 'cancel', 'change', 'any']

/** The bits of hints. */
export function newsOf(hints: readonly Hint[]): number {
  let bits = 0
  for (const { kind } of hints) bits |= 1 << KINDS.indexOf(kind)
  return bits
}

/** Hints of bits; of which queues is not known. */
export function hintsOf(bits: number): Hint[] {
  return KINDS.filter((_, i) => (bits & (1 << i)) !== 0).map((kind) => ({ kind, queues: null }))
}
