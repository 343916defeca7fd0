// The operator's verbs on loaded rows: cancel, requeue, delete, reprioritise.
// Promises absolute target states, so that a repeated call harms nothing, and that a refusal changes nothing.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import type { TaskRow } from './task-row.ts'
import { CANCELLED, DEAD, isFinalCode, READY, RUNNING, SCHEDULED, stateOf } from './words.ts'
import type { Entry, Workspace } from './workspace.ts'

/** Acts in array order. The rows and the holders of their keys were loaded. */
export function actRows(space: Workspace, actions: readonly Action[]): ActionReply[] {
  return actions.map((action) => actOn(space, action))
}

function actOn(space: Workspace, action: Action): ActionReply {
  const entry = space.find(action.id)
  if (entry === null) return { outcome: 'not_found', state: null, holder: null }
  switch (action.verb) {
    case 'cancel':
      return answer(entry.row, cancel(space, entry))
    case 'requeue':
      return requeue(space, entry)
    case 'delete':
      if (!isFinalCode(entry.row.state)) return answer(entry.row, 'refused')
      space.bury(entry)
      return { outcome: 'done', state: null, holder: null }
    case 'reprioritise':
      return answer(entry.row, reprioritise(space, entry, action.priority))
  }
}

function answer(row: TaskRow, outcome: ActionReply['outcome'], holder: string | null = null): ActionReply {
  return { outcome, state: stateOf(row.state), holder }
}

function cancel(space: Workspace, entry: Entry): ActionReply['outcome'] {
  const { row } = entry
  if (row.state === SCHEDULED || row.state === READY) {
    space.cancelWaiting(entry, 'cancelled')
    return 'done'
  }
  if (row.state === RUNNING) {
    // The first request stands: how long a task has been asked to stop must not start anew.
    entry.changed ||= row.cancelAt === null
    row.cancelAt ??= space.now
    space.hints.note('cancel', row.queue)
    return 'requested'
  }
  return row.state === CANCELLED ? 'done' : 'refused'
}

function requeue(space: Workspace, entry: Entry): ActionReply {
  const { row } = entry
  const { id, uniqueKey, uniqueUntil } = row
  if (row.state !== DEAD && row.state !== CANCELLED) return answer(row, 'refused')
  if (uniqueKey !== null && (uniqueUntil === null || uniqueUntil > space.now)) {
    const holder = space.holderOf(uniqueKey)
    if (holder !== null && holder !== id) return answer(row, 'held', holder)
    space.takeKey(uniqueKey, { task: id, until: uniqueUntil })
  }
  keepLastAttempt(space, row)
  row.state = READY
  row.place = space.draw()
  row.runAt = space.now
  row.counters = null
  row.reason = null
  row.error = null
  row.result = null
  row.finishedAt = null
  row.kept = null
  row.expiresAt = null
  entry.to = 'tasks'
  entry.changed = true
  space.moved.push(row)
  space.feed.tell(row, READY)
  space.hints.note('work', row.queue)
  return answer(row, 'done')
}

/** Gives the attempt that a final row tells a row of its own, before the task goes on. */
function keepLastAttempt(space: Workspace, row: TaskRow): void {
  if (row.attempt === 0) return
  space.attempts.push({
    task: row.id,
    attempt: row.attempt,
    session: row.session,
    startedAt: row.startedAt ?? 0,
    endedAt: row.finishedAt ?? 0,
    outcome: row.outcome ?? 0,
    reason: row.reason,
    error: row.error,
    warnings: null,
    replace: false,
  })
}

function reprioritise(space: Workspace, entry: Entry, priority: number): ActionReply['outcome'] {
  const { row } = entry
  if (row.state !== SCHEDULED && row.state !== READY) return 'refused'
  row.rank = 0 - priority
  row.back = 0
  if (row.state === READY) row.place = space.draw()
  space.moved.push(row)
  entry.changed = true
  return 'done'
}
