// Whether an alert fires: from what it was and what is read now to what it is, and what is told of it. Pure.
// Promises that it fires once and is resolved once, that it changes only after readings have said so for a while, and
// that a time in which nobody checked counts as nothing.

import type { AlertRules } from '../core/alert-rules.ts'
import type { AlertEvent, AlertState, Reading } from './alert-words.ts'

export interface Verdict {
  readonly state: AlertState
  /** What is to be told; null: nothing. */
  readonly event: AlertEvent | null
}

/** What an alert is that was never looked at. */
const QUIET: AlertState = {
  since: null,
  turned: null,
  toldAt: null,
  reason: null,
  value: null,
  threshold: null,
  text: '',
}

/** Turns without a check after which what was read before does not count. */
const TURNS = 3

/**
 * @param lastCheck when readings were taken before this time; null: never
 * @param now engine time
 */
export function judge(
  previous: AlertState | null,
  reading: Reading,
  rules: Pick<AlertRules, 'for' | 'repeat' | 'every'>,
  lastCheck: number | null,
  now: number,
): Verdict {
  const before = previous ?? QUIET
  const fires = before.since !== null
  const state = { ...before, ...figuresOf(before, reading) }
  if (reading.wrong === null) return { state: { ...before, turned: null }, event: null }
  if (reading.wrong === fires) return remind({ ...state, turned: null }, rules.repeat, now)
  const gap = lastCheck === null || now - lastCheck > TURNS * rules.every
  const turned = gap || before.turned === null ? now : before.turned
  if (now - turned < rules.for) return { state: { ...state, turned }, event: null }
  if (fires)
    return {
      state: { ...QUIET, value: state.value, threshold: state.threshold },
      event: 'resolved',
    }
  return { state: { ...state, since: now, turned: null, toldAt: now }, event: 'fired' }
}

/** What was wrong is told of as long as it fires. */
function figuresOf(before: AlertState, reading: Reading) {
  const { reason, value, threshold, text } = reading
  if (reading.wrong === true) return { reason, value, threshold, text }
  return { value, threshold, reason: before.reason, text: before.text }
}

function remind(state: AlertState, repeat: number | null, now: number): Verdict {
  if (state.since === null || state.toldAt === null || repeat === null || now - state.toldAt < repeat)
    return { state, event: null }
  return { state: { ...state, toldAt: now }, event: 'repeated' }
}
