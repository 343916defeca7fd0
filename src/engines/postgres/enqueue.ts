// The verb enqueue, in two lanes (CONTRACT rules 14, 16, 17). Plain: ids that nobody else can have, no keys; one
// statement that waits for nobody. Keyed: a unit that locks ids and keys in one order, waits for others a short time
// only, and falls back to item by item when one of them is held by somebody's open transaction.

import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import { enqueueKeyed, isPlain } from '../sql/enqueue-keyed.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { HintNotes } from '../sql/hint-notes.ts'
import { extraOf, rootOf } from '../sql/task-row.ts'
import { enqueueIn } from '../sql/units.ts'
import { READY, SCHEDULED } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import { isDuplicate, LOCK_TIMED_OUT } from './failure.ts'
import { register } from './register.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'
import { PLACES, UNITS } from './task-unit.ts'

/** What tasks of one call mostly have alike, with the types of the server. */
const SHAPE = [
  ['delay', 'bigint'],
  ['expires', 'bigint'],
  ['queue', 'text'],
  ['type', 'text'],
  ['rank', 'smallint'],
  ['grp', 'text'],
  ['parent_id', 'text'],
  ['policy', 'int'],
  ['policy_text', 'text'],
  ['origin', 'text'],
  ['root_id', 'text'],
  ['extra', 'text'],
  ['timeout', 'bigint'],
] as const
const NAMES = SHAPE.map(([name]) => name).join(', ')
const KEPT = SHAPE.slice(2)
  .map(([name]) => name)
  .join(', ')

/** @param alike the shape comes once for all tasks, instead of a list for each of its columns */
function plainOf(alike: boolean): string {
  const shape = SHAPE.map(([name, type], i) => `$${i + 5}::${type}${alike ? ` AS ${name}` : '[]'}`).join(', ')
  const own = '$2::text[], $3::text[], $4::text[]'
  const rows = alike
    ? `(SELECT ${shape}) AS s, unnest(${own}) WITH ORDINALITY AS u(id, digest, payload, o)`
    : `unnest(${own}, ${shape}) WITH ORDINALITY AS u(id, digest, payload, ${NAMES}, o)`
  return `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now, nextval('@places') * ${PLACES} AS place),
  born AS (INSERT INTO @tasks (created_at, state, place, run_at, expires_at, id, digest, payload, ${KEPT})
    SELECT (SELECT now FROM clock), CASE WHEN delay = 0 THEN 1 ELSE 0 END,
      CASE WHEN delay = 0 THEN (SELECT place FROM clock) + o - 1 END, (SELECT now FROM clock) + delay,
      (SELECT now FROM clock) + expires, id, digest, payload, ${KEPT} FROM ${rows}),
  told AS (INSERT INTO @fresh_changes (at, count, items) SELECT now, $18::int, $19 FROM clock)
  SELECT CASE WHEN $21::text IS NOT NULL THEN pg_notify($20::text, $21::text)::text END`
}

/** Tasks that differ in id, digest and payload alone, and others: reading thirteen more lists takes as long as the rest. */
export const PLAIN = { alike: plainOf(true), mixed: plainOf(false) } as const

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
    (some) => store.write((unit) => enqueueIn(UNITS, store, unit, some)),
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
  const own = [
    tasks.map(({ id }) => id),
    tasks.map(({ digest }) => digest),
    tasks.map(({ payload }) => payload),
  ]
  const shape = shapeOf(store, tasks)
  const alike = shape.every((column) => column.every((value) => value === column[0]))
  const columns = alike ? shape.map(([value = null]) => value) : shape.map(arrayOf)
  const told = [feed.count, feed.pack(), store.options.schema, word]
  try {
    await store.once(alike ? PLAIN.alike : PLAIN.mixed, [store.now, ...own.map(arrayOf), ...columns, ...told])
  } catch (error) {
    if (isDuplicate(error)) return null
    throw error
  }
  store.options.committed(hints.list(), word !== null)
  return replies
}

/** The columns of SHAPE. */
function shapeOf(store: Store, tasks: readonly NewTask[]): (string | number | null)[][] {
  const policies = tasks.map((task) => {
    const text = store.policies.textOf(task)
    const n = store.policies.numberOf(text) ?? null
    return { n, text: n === null ? text : null }
  })
  return [
    tasks.map(({ due }) => ('after' in due ? due.after : 0)),
    tasks.map(({ expires }) => (expires !== null && 'after' in expires ? expires.after : null)),
    tasks.map(({ queue }) => queue),
    tasks.map(({ type }) => type),
    tasks.map(({ priority }) => 0 - priority),
    tasks.map(({ group }) => group),
    tasks.map(({ parentId }) => parentId),
    policies.map(({ n }) => n),
    policies.map(({ text }) => text),
    tasks.map(({ origin }) => origin),
    tasks.map(rootOf),
    tasks.map(extraOf),
    tasks.map(({ timeout }) => timeout),
  ]
}
