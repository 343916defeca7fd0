// The operator's verbs: cancel, requeue, delete, reprioritise.
// Promises absolute target states, so that a repeated call harms nothing, and that a refusal changes nothing.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import { isFinal } from '../../core/record.ts'
import { keepAttempt } from './attempts.ts'
import { bury, cancelWaiting } from './endings.ts'
import type { Row } from './row.ts'
import type { MemoryStore } from './store.ts'
import { holderOf, takeKey } from './uniques.ts'

export function act(store: MemoryStore, actions: readonly Action[]): ActionReply[] {
  return actions.map((action) => actOn(store, action))
}

function actOn(store: MemoryStore, action: Action): ActionReply {
  const row = store.tasks.get(action.id)
  if (row === undefined) return { outcome: 'not_found', state: null, holder: null }
  switch (action.verb) {
    case 'cancel':
      return answer(row, cancel(store, row))
    case 'requeue':
      return requeue(store, row)
    case 'delete':
      return remove(store, row)
    case 'reprioritise':
      return answer(row, reprioritise(store, row, action.priority))
  }
}

function answer(row: Row, outcome: ActionReply['outcome'], holder: string | null = null): ActionReply {
  return { outcome, state: row.task.state, holder }
}

function cancel(store: MemoryStore, row: Row): ActionReply['outcome'] {
  switch (row.task.state) {
    case 'scheduled':
    case 'ready':
      cancelWaiting(store, row, 'cancelled', 'cancel')
      return 'done'
    case 'running':
      // The first request stands: how long a task has been asked to stop must not start anew.
      if (row.task.cancelRequestedAt === null) store.annotate(row, { cancelRequestedAt: store.now })
      store.hints.note('cancel', row.task.queue)
      return 'requested'
    case 'cancelled':
      return 'done'
    case 'succeeded':
    case 'dead':
      return 'refused'
  }
}

function requeue(store: MemoryStore, row: Row): ActionReply {
  const { state, uniqueKey, uniqueUntil } = row.task
  if (state !== 'dead' && state !== 'cancelled') return answer(row, 'refused')
  const wantsKey = uniqueKey !== null && (uniqueUntil === null || uniqueUntil > store.now)
  const holder = wantsKey ? holderOf(store, uniqueKey) : null
  if (holder !== null && holder !== row) return answer(row, 'held', holder.task.id)
  if (wantsKey) takeKey(store, row)
  if (row.last !== null) keepAttempt(row, row.last)
  row.last = null
  store.change(row, {
    state: 'ready',
    place: store.drawPlace(),
    runAt: store.now,
    failures: 0,
    crashes: 0,
    losses: 0,
    releases: 0,
    snoozes: 0,
    reason: null,
    error: null,
    result: null,
    finishedAt: null,
    expiresAt: null,
  })
  store.hints.note('work', row.task.queue)
  return answer(row, 'done')
}

function remove(store: MemoryStore, row: Row): ActionReply {
  if (!isFinal(row.task.state)) return answer(row, 'refused')
  bury(store, row)
  return { outcome: 'done', state: null, holder: null }
}

function reprioritise(store: MemoryStore, row: Row, priority: number): ActionReply['outcome'] {
  if (row.task.state === 'scheduled') {
    store.change(row, { priority })
    return 'done'
  }
  if (row.task.state !== 'ready') return 'refused'
  store.change(row, { priority, place: store.drawPlace() })
  return 'done'
}
