// The verb enqueue: identity first, then the unique key, then a new row (CONTRACT rules 16 and 17).
// Promises that a refused item changes nothing, and that an earlier item of one array counts as already there.

import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import { instantOf, newRow } from './row.ts'
import type { MemoryStore } from './store.ts'
import { holderOf, takeKey } from './uniques.ts'

/** Enqueues in array order; also used for follow-ups and ticks, inside the unit they belong to. */
export function enqueue(store: MemoryStore, tasks: readonly NewTask[]): EnqueueReply[] {
  return tasks.map((task) => enqueueOne(store, task))
}

function enqueueOne(store: MemoryStore, task: NewTask): EnqueueReply {
  const { id, digest, unique } = task
  const known = store.tasks.get(id)
  if (known !== undefined) {
    const outcome = known.task.digest === digest ? 'existing' : 'conflict'
    return { outcome, id, state: known.task.state }
  }
  const buried = store.tombstones.get(id)
  if (buried !== undefined) {
    // What is buried ended; that it succeeded is the likeliest, and the caller's work is done either way.
    return buried.digest === digest
      ? { outcome: 'existing', id, state: 'succeeded' }
      : { outcome: 'conflict', id, state: null }
  }
  const holder = unique === null ? null : holderOf(store, unique.key)
  if (holder !== null) return { outcome: 'duplicate', id: holder.task.id, state: holder.task.state }
  return create(store, task)
}

function create(store: MemoryStore, task: NewTask): EnqueueReply {
  const due = instantOf(task.due, store.now) <= store.now
  const row = newRow(task, store.now, due ? store.drawPlace() : null)
  store.insert(row)
  takeKey(store, row)
  store.hints.note(due ? 'work' : 'due', task.queue)
  return { outcome: 'created', id: task.id, state: row.task.state }
}
