// The answer of a sweep that did nothing, which is also what every other answer of a sweep is made from.

import type { SweepReply } from './hot-verbs.ts'

/** The last sweep was too short a time ago. */
export const NOT_ITS_TURN: SweepReply = {
  turn: false,
  orphans: [],
  overdue: [],
  declaredDead: [],
  expired: 0,
  promoted: 0,
  purged: 0,
  cursor: null,
}
