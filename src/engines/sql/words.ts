// How the store writes states and outcomes: small numbers, in the order of these lists. Append only.

import type { OutcomeKind, TaskState } from '../../core/record.ts'

const STATES: readonly TaskState[] = ['scheduled', 'ready', 'running', 'succeeded', 'dead', 'cancelled']
const OUTCOMES: readonly OutcomeKind[] = [
  'succeed',
  'retry',
  'die',
  'cancel',
  'snooze',
  'release',
  'crash',
  'loss',
  'deadline',
  'expire',
]

export const SCHEDULED = 0
export const READY = 1
export const RUNNING = 2
export const SUCCEEDED = 3
export const DEAD = 4
export const CANCELLED = 5
export type StateCode = 0 | 1 | 2 | 3 | 4 | 5

export function stateOf(code: number): TaskState {
  return STATES[code] ?? 'scheduled'
}

export function codeOfState(state: TaskState): StateCode {
  return STATES.indexOf(state) as StateCode
}

export function outcomeOf(code: number | null): OutcomeKind | null {
  return code === null ? null : (OUTCOMES[code] ?? null)
}

export function codeOfOutcome(kind: OutcomeKind): number {
  return OUTCOMES.indexOf(kind)
}

/** True for the codes of states that a task never leaves by itself. */
export function isFinalCode(code: number): boolean {
  return code >= SUCCEEDED
}
