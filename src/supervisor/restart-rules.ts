// When a worker that died starts again: one pure function from "how often, how long did it live" to a wait.
// Owns the back-off and the word "crash loop"; promises that a worker is never given up. Leaves timers, processes
// and telling about it to slot.ts.

export interface RestartRules {
  /** Wait before the first restart, in ms; each further death in a row doubles it. */
  readonly first: number
  /** Longest wait, in ms. */
  readonly most: number
  /** A worker that lived this long was healthy: its death is the first of a new row. */
  readonly healthyAfter: number
  /** From this many deaths in a row on, it is called a crash loop. */
  readonly loopAt: number
}

export const RESTART_RULES: RestartRules = {
  first: 1_000,
  most: 60_000,
  healthyAfter: 60_000,
  loopAt: 3,
}

export interface Restart {
  /** Deaths in a row, this one included. */
  readonly deaths: number
  /** Wait before the next start, in ms. */
  readonly delay: number
  readonly loop: boolean
}

/**
 * What follows the death of a worker.
 * @param deathsBefore deaths in a row before this one
 * @param lived how long it lived, in ms
 */
export function afterDeath(
  deathsBefore: number,
  lived: number,
  rules: RestartRules = RESTART_RULES,
): Restart {
  const deaths = lived >= rules.healthyAfter ? 1 : deathsBefore + 1
  // 2^30 is beyond every cap; a larger exponent would only lose precision.
  const delay = Math.min(rules.most, rules.first * 2 ** Math.min(deaths - 1, 30))
  return { deaths, delay, loop: deaths >= rules.loopAt }
}
