// The verb enqueue on loaded rows: identity first, then the unique key, then a new row (CONTRACT rules 16 and 17).
// Promises that a refused item changes nothing, and that an earlier item of one array counts as already there.

import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import { instantOf, newRow } from './task-row.ts'
import { READY, SCHEDULED, stateOf } from './words.ts'
import type { Workspace } from './workspace.ts'

/** Enqueues in array order. What the ids and keys stand for was loaded, the policies are known. */
export function enqueueRows(space: Workspace, tasks: readonly NewTask[]): EnqueueReply[] {
  return tasks.map((task) => enqueueRow(space, task))
}

function enqueueRow(space: Workspace, task: NewTask): EnqueueReply {
  const { id, digest, unique, queue } = task
  const known = space.find(id)
  if (known !== null) {
    const outcome = known.row.digest === digest ? 'existing' : 'conflict'
    return { outcome, id, state: stateOf(known.row.state) }
  }
  const buried = space.tombstones.get(id)
  if (buried !== undefined) {
    // What is buried ended; that it succeeded is the likeliest, and the caller's work is done either way.
    return buried === digest
      ? { outcome: 'existing', id, state: 'succeeded' }
      : { outcome: 'conflict', id, state: null }
  }
  const holder = unique === null ? null : space.holderOf(unique.key)
  if (holder !== null) {
    const state = space.find(holder)?.row.state ?? READY
    return { outcome: 'duplicate', id: holder, state: stateOf(state) }
  }
  const due = instantOf(task.due, space.now) <= space.now
  const text = space.policies.textOf(task)
  const n = space.policies.numberOf(text) ?? null
  const row = newRow(task, space.now, due ? space.draw() : null, { n, text: n === null ? text : null })
  space.add(row, task.payload)
  if (unique !== null) space.takeKey(unique.key, { task: id, until: row.uniqueUntil })
  space.feed.tell(row, due ? READY : SCHEDULED)
  space.hints.note(due ? 'work' : 'due', queue)
  return { outcome: 'created', id, state: due ? 'ready' : 'scheduled' }
}
