// The verb enqueue, in two lanes (CONTRACT rules 14, 16, 17). Plain: ids that nobody else can have, no keys; one
// message that waits for nobody. Keyed: a unit that locks ids and keys in one order, waits for others a short time
// only, and falls back to item by item when one of them is held by somebody's open transaction.

import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import { enqueueKeyed, isPlain } from '../sql/enqueue-keyed.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { HintNotes } from '../sql/hint-notes.ts'
import { extraOf, rootOf } from '../sql/task-row.ts'
import { enqueueIn } from '../sql/units.ts'
import { READY, SCHEDULED } from '../sql/words.ts'
import { isDuplicate, LOCK_WAIT } from './failure.ts'
import { register } from './register.ts'
import { chunksOf, expire, lineOf, relate, relativesOf } from './rows.ts'
import { expression, sql, words, type Expression, type Statement, type Values } from './statement.ts'
import { BEGIN, COMMIT, tellOf, type Store } from './store.ts'
import { DRAW, PLACES, UNITS } from './task-unit.ts'

/** Enqueues in transactions of the engine's own. */
export async function enqueue(store: Store, tasks: readonly NewTask[]): Promise<EnqueueReply[]> {
  await register(store, tasks)
  if (tasks.every(isPlain)) {
    const replies = await enqueuePlain(store, tasks)
    if (replies !== null) return replies
  }
  return enqueueKeyed(
    tasks,
    (some) => store.write((unit) => enqueueIn(UNITS, store, unit, some), 1),
    ({ detail }) => detail['errno'] === LOCK_WAIT,
  )
}

const HEAD =
  words(`INSERT INTO @tasks (id, digest, queue, type, created_at, grp, parent_id, policy, policy_text, origin,
  root_id, extra, timeout, state, \`rank\`, place, run_at, expires_at, line, slot, payload) VALUES `)
const NOW = expression('@`now`')

/** Engine time of the message, and a while after it. */
function later(ms: number): Expression {
  return ms === 0 ? NOW : expression(`@\`now\` + ${Math.trunc(ms)}`)
}

const places: Expression[] = []

function placeOf(n: number): Expression {
  return (places[n] ??= expression(`@\`place\` + ${n}`))
}

/** What one plain call writes, and what it answers when that is committed. */
interface Plain {
  readonly statements: readonly Statement[]
  readonly replies: EnqueueReply[]
  readonly hints: HintNotes
}

/** The statements of plain tasks: they know their places and times as variables of the session. */
function plainOf(store: Store, tasks: readonly NewTask[]): Plain {
  const feed = new FeedNotes()
  const hints = new HintNotes()
  const rows: Values[] = []
  const expiring: Values[] = []
  const replies = tasks.map((task, i): EnqueueReply => {
    const { id, type, queue, due, expires } = task
    const delay = 'after' in due ? due.after : 0
    const ready = delay === 0
    feed.tell({ id, type, queue, attempt: 0 }, ready ? READY : SCHEDULED)
    hints.note(ready ? 'work' : 'due', queue)
    rows.push(valuesOf(store, task, delay, placeOf(i)))
    if (expires !== null && 'after' in expires) expiring.push([later(expires.after), id])
    return { outcome: 'created', id, state: ready ? 'ready' : 'scheduled' }
  })
  const statements = [
    sql`SET @\`now\` = ${store.clock}`,
    // A call has no more tasks than four numbers have places: they are drawn for it alone.
    ...Array.from({ length: Math.ceil(tasks.length / PLACES) }, () => DRAW),
    words(`SET @\`place\` = LAST_INSERT_ID() * ${PLACES}`),
    ...chunksOf(rows).map((chunk) => sql`${HEAD}${chunk}`),
    ...relate(relativesOf(tasks, NOW)),
    ...expire(expiring),
    tellOf(NOW, feed.count, feed.pack(), hints.list()),
  ]
  return { statements, replies, hints }
}

function valuesOf(store: Store, task: NewTask, delay: number, place: Expression): Values {
  const { expires, priority } = task
  const text = store.policies.textOf(task)
  const n = store.policies.numberOf(text) ?? null
  const rank = 0 - priority
  const ready = delay === 0
  const due = later(delay)
  return [
    task.id,
    task.digest,
    task.queue,
    task.type,
    NOW,
    task.group,
    task.parentId,
    n,
    n === null ? text : null,
    task.origin,
    rootOf(task),
    extraOf(task),
    task.timeout,
    ready ? READY : SCHEDULED,
    rank,
    ready ? place : null,
    due,
    expires !== null && 'after' in expires ? later(expires.after) : null,
    ready ? lineOf(rank, 0) : 0,
    ready ? place : due,
    task.payload,
  ]
}

/** Null: one of the ids was there all the same. */
async function enqueuePlain(store: Store, tasks: readonly NewTask[]): Promise<EnqueueReply[] | null> {
  const { statements, replies, hints } = plainOf(store, tasks)
  try {
    await store.transact(async (ask, doubt) => {
      doubt.commit = true
      await ask(BEGIN, ...statements, COMMIT)
    })
  } catch (error) {
    if (isDuplicate(error)) return null
    throw error
  }
  store.options.committed(hints.list())
  return replies
}
