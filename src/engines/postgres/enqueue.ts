// The verb enqueue, in two lanes (CONTRACT rules 14, 16, 17). Plain: ids that nobody else can have, no keys; one
// statement that waits for nobody. Keyed: a unit that locks ids and keys in one order, waits for others a short time
// only, and falls back to item by item when one of them is held by somebody's open transaction.

import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import { enqueueKeyed, isPlain } from '../sql/enqueue-keyed.ts'
import { enqueueRows } from '../sql/enqueue-rows.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { HintNotes } from '../sql/hint-notes.ts'
import { extraOf, rootOf } from '../sql/task-row.ts'
import { READY, SCHEDULED } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import { isDuplicate, LOCK_TIMED_OUT } from './failure.ts'
import { register } from './register.ts'
import { nowOf, type PgSession } from './session.ts'
import type { Store } from './store.ts'
import { loadSpace, PLACES, storeSpace } from './task-unit.ts'

// The columns of each task in arrays; what a batch has in common is written once for each row by the server.
export const PLAIN = `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now, nextval('@places') * ${PLACES} AS place),
  born AS (INSERT INTO @tasks (created_at, state, place, run_at, expires_at, id, digest, queue, type, rank, grp,
      parent_id, policy, policy_text, origin, root_id, extra, timeout, payload)
    SELECT (SELECT now FROM clock), CASE WHEN u.delay = 0 THEN 1 ELSE 0 END,
      CASE WHEN u.delay = 0 THEN (SELECT place FROM clock) + u.o - 1 END, (SELECT now FROM clock) + u.delay,
      (SELECT now FROM clock) + u.expires, u.id, u.digest, u.queue, u.type, u.rank, u.grp, u.parent_id, u.policy,
      u.policy_text, u.origin, u.root_id, u.extra, u.timeout, u.payload
    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[],
      $9::text[], $10::text[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[],
      $17::text[]) WITH ORDINALITY AS u(delay, expires, id, digest, queue, type, rank, grp, parent_id, policy,
      policy_text, origin, root_id, extra, timeout, payload, o)),
  told AS (INSERT INTO @fresh_changes (at, count, items) SELECT now, $18::int, $19 FROM clock)
  SELECT CASE WHEN $21::text IS NOT NULL THEN pg_notify($20::text, $21::text)::text END`

/** Enqueues in transactions of the engine's own. */
export async function enqueue(store: Store, tasks: readonly NewTask[]): Promise<EnqueueReply[]> {
  await register(store, tasks)
  const plain = tasks.length <= PLACES && tasks.every(isPlain)
  if (plain) {
    const replies = await enqueuePlain(store, tasks)
    if (replies !== null) return replies
  }
  return enqueueKeyed(
    tasks,
    (some) => store.write((unit) => enqueueIn(store, unit, some)),
    ({ detail }) => detail['sqlstate'] === LOCK_TIMED_OUT,
  )
}

/** Null: one of the ids was there all the same. */
async function enqueuePlain(store: Store, tasks: readonly NewTask[]): Promise<EnqueueReply[] | null> {
  const feed = new FeedNotes()
  const hints = new HintNotes()
  const replies = tasks.map(({ id, type, queue, due }): EnqueueReply => {
    const ready = 'after' in due && due.after === 0
    feed.tell({ id, type, queue, attempt: 0 }, ready ? READY : SCHEDULED)
    hints.note(ready ? 'work' : 'due', queue)
    return { outcome: 'created', id, state: ready ? 'ready' : 'scheduled' }
  })
  const word = store.options.announce(hints.list())
  const told = [feed.count, feed.pack(), store.options.schema, word]
  try {
    await store.once(PLAIN, [store.now, ...columnsOf(store, tasks), ...told])
  } catch (error) {
    if (isDuplicate(error)) return null
    throw error
  }
  store.options.committed(hints.list(), word !== null)
  return replies
}

function columnsOf(store: Store, tasks: readonly NewTask[]): string[] {
  const policies = tasks.map((task) => {
    const text = store.policies.textOf(task)
    const n = store.policies.numberOf(text) ?? null
    return { n, text: n === null ? text : null }
  })
  return [
    arrayOf(tasks.map(({ due }) => ('after' in due ? due.after : 0))),
    arrayOf(tasks.map(({ expires }) => (expires !== null && 'after' in expires ? expires.after : null))),
    arrayOf(tasks.map(({ id }) => id)),
    arrayOf(tasks.map(({ digest }) => digest)),
    arrayOf(tasks.map(({ queue }) => queue)),
    arrayOf(tasks.map(({ type }) => type)),
    arrayOf(tasks.map(({ priority }) => 0 - priority)),
    arrayOf(tasks.map(({ group }) => group)),
    arrayOf(tasks.map(({ parentId }) => parentId)),
    arrayOf(policies.map(({ n }) => n)),
    arrayOf(policies.map(({ text }) => text)),
    arrayOf(tasks.map(({ origin }) => origin)),
    arrayOf(tasks.map(rootOf)),
    arrayOf(tasks.map(extraOf)),
    arrayOf(tasks.map(({ timeout }) => timeout)),
    arrayOf(tasks.map(({ payload }) => payload)),
  ]
}

/** Enqueues inside a unit; what the tasks bring was registered. */
async function enqueueIn(store: Store, unit: PgSession, tasks: readonly NewTask[]): Promise<EnqueueReply[]> {
  const scope = { ids: [], tasks, keys: false, sessions: false, places: tasks.length }
  const space = await loadSpace(store, unit, scope)
  const replies = enqueueRows(space, tasks)
  await storeSpace(unit, space)
  return replies
}
