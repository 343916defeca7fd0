// The mark by which an engine knows a repeated settlement: equal marks, equal outcomes.

import type { Outcome } from './hot-verbs.ts'
import { digestOf } from './ids.ts'

/** Short for the common case of an outcome that carries nothing; else with a digest of what it carries. */
export function outcomeMark(outcome: Outcome): string {
  const { kind, to, delay, reason, result, error } = outcome
  const base = `${kind}>${to}`
  if (delay === 0 && reason === null && error === null && (result === null || result.length < 32))
    return result === null ? base : `${base}:${result}`
  return `${base}#${digestOf([delay, reason, result, error?.message ?? null])}`
}
