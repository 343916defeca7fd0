// What the log says of an ending: counters and decision in one line, so that a reader sees why a task runs again or
// does not (`failures 2 of 3, again in 60 s`). Pure; the same words for workers and for rescues.

import type { Judged } from '../core/decide.ts'
import { formatDuration } from '../core/duration.ts'
import type { Outcome } from '../core/hot-verbs.ts'
import type { LogLine } from '../core/record.ts'

/** A line for the log. */
export interface EndingLine {
  readonly level: LogLine['level']
  readonly message: string
}

/** The line for an outcome; null: nothing worth a line at level info or above. */
export function endingLine(task: Judged, outcome: Outcome): EndingLine | null {
  const again = outcome.delay > 0 ? `again in ${formatDuration(outcome.delay)}` : 'again at once'
  switch (outcome.kind) {
    case 'succeed':
      return null
    case 'retry':
    case 'deadline':
    case 'die':
      return failureLine(task, outcome, again)
    case 'crash':
      return counted('crashes', task.crashes + 1, task.crash.crashes, outcome, again)
    case 'loss':
      return counted('losses', task.losses + 1, task.crash.losses, outcome, again)
    case 'cancel':
      return { level: 'info', message: 'task cancelled while it ran' }
    case 'release':
      return { level: 'info', message: `task handed back (${outcome.reason ?? 'released'}), ${again}` }
    case 'snooze':
      return { level: 'info', message: `task put off, ${again}` }
    case 'expire':
      return { level: 'info', message: 'task expired before it started' }
  }
}

function failureLine(task: Judged, outcome: Outcome, again: string): EndingLine {
  const failures = task.failures + 1
  const { retries } = task.retry
  const why = outcome.error === null ? '' : `: ${outcome.error.message.slice(0, 300)}`
  if (outcome.to !== 'dead')
    return { level: 'warn', message: `task failed (failures ${failures} of ${retries}, ${again})${why}` }
  const spent = outcome.reason === 'retries_exhausted' || (outcome.reason === 'timeout' && retries > 0)
  const words = spent
    ? `failures ${failures}, retries ${retries} of ${retries} used, no retry left`
    : `failures ${failures} of ${retries}, no retry: ${outcome.reason ?? 'failed'}`
  return { level: 'error', message: `task dead (${words})${why}` }
}

function counted(what: string, count: number, most: number, outcome: Outcome, again: string): EndingLine {
  if (outcome.to !== 'dead')
    return { level: 'warn', message: `task interrupted (${what} ${count} of ${most}, ${again})` }
  return {
    level: 'error',
    message: `task dead (${what} ${count} of ${most}, ${outcome.reason ?? 'given up'})`,
  }
}
