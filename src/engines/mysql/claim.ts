// The verb claim: promote what is due, then take by rank and place (CONTRACT rules 5, 11, 12, 22, 23). One short
// transaction of two messages where the tasks of one queue are asked for, three where it is several: the first looks,
// and takes hold of rows that nobody else holds; the last makes them running. It takes nothing where something has to be
// done before (tasks are due or expired, or the claim id was asked with before), and is begun anew afterwards.

import type { ClaimReply, ClaimRequest } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { learnPolicies } from '../sql/learn-policies.ts'
import type { ClaimedTask } from '../sql/claimed-tasks.ts'
import { ROW_WIDTH, rowOf, taskOf, type Row, type TaskRow } from '../sql/task-row.ts'
import { expireTasks } from '../sql/units.ts'
import { RUNNING } from '../sql/words.ts'
import { Reach } from './claim-reach.ts'
import { dueOf, headOf, moreOf, QUEUES, replayOf, takeOf, type LineBound } from './claim-statements.ts'
import { promote } from './promote.ts'
import { lineOf } from './rows.ts'
import { MySession } from './session.ts'
import { words } from './statement.ts'
import { BEGIN, COMMIT, tellOf, type Ask, type Doubt, type Store } from './store.ts'
import { UNITS } from './task-unit.ts'

const ROLLBACK = words('ROLLBACK')
const PAUSED = words('SELECT queue FROM @paused')
const NOT_LIVE: ClaimReply = { live: false, tasks: [], more: false, nextDueIn: null }

/** Claims in the order of the requests. */
export async function claim(store: Store, requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
  const replies: ClaimReply[] = []
  for (const request of requests) replies.push(await claimOne(store, request))
  return replies
}

interface Taken {
  readonly row: TaskRow
  readonly payload: string
}

/** What one transaction came to. */
type Outcome =
  | { readonly kind: 'dead' | 'due' | 'other queues' }
  | { readonly kind: 'replay'; readonly more: boolean; readonly wait: number | null }
  | { readonly kind: 'expired'; readonly ids: readonly string[]; readonly wait: number | null }
  | {
      readonly kind: 'taken'
      readonly rows: readonly Taken[]
      readonly more: boolean
      readonly wait: number | null
    }

async function claimOne(store: Store, request: ClaimRequest): Promise<ClaimReply> {
  let promoted = false
  for (let expired = 0; ;) {
    const outcome = await store.transact((ask, doubt) => tryClaim(store, request, promoted, ask, doubt))
    switch (outcome.kind) {
      case 'dead':
        return NOT_LIVE
      case 'other queues':
        await learnQueues(store)
        break
      case 'due':
        await promote(store, { queues: request.queues, perQueue: LIMITS.promote, limit: null })
        promoted = true
        break
      case 'replay':
        return replyOf(outcome.wait, outcome.more, await replay(store, request))
      case 'expired':
        if (expired >= LIMITS.promote) return replyOf(outcome.wait, true, [])
        expired += Math.max(1, await expireTasks(UNITS, store, outcome.ids))
        break
      case 'taken':
        return replyOf(outcome.wait, outcome.more, remember(store, request, outcome.rows))
    }
  }
}

function replyOf(wait: number | null, more: boolean, tasks: TaskRecord[]): ClaimReply {
  const left = wait === null ? null : Math.max(0, wait)
  return { live: true, tasks, more: more || left === 0, nextDueIn: left }
}

/** Queues and pauses as the store has them. */
async function learnQueues(store: Store): Promise<void> {
  const [queues, paused] = await store.once(QUEUES, PAUSED)
  const rows = (queues?.rows ?? []) as [string, number][]
  store.memory.queues = {
    all: rows.map(([queue]) => queue),
    kinds: rows.reduce((sum, [, count]) => sum + count, 0),
    paused: (paused?.rows ?? []).map(([queue]) => queue as string),
  }
}

async function tryClaim(
  store: Store,
  request: ClaimRequest,
  promoted: boolean,
  ask: Ask,
  doubt: Doubt,
): Promise<Outcome> {
  const { session, claimId, limit } = request
  const known = store.memory.queues
  const queues = [...new Set(request.queues ?? known.all)].filter((queue) => !known.paused.includes(queue))
  const reach = new Reach(store.memory, queues, request.queues !== null)
  const started = performance.now()
  const [, head, paused, due, looked] = await ask(
    BEGIN,
    ...headOf(store.clock, session, claimId),
    dueOf(queues),
    ...reach.look(limit),
  )
  store.memory.bounds.spent(performance.now() - started)
  const [time, me = null, kinds, before] = (head?.rows[0] ?? []) as (number | null)[]
  const now = Number(time)
  const next = (due?.rows ?? []).flatMap(([at]) => (at === null ? [] : [at as number]))
  const wait = next.length === 0 ? null : Math.min(...next) - now
  const giveUp = async (outcome: Outcome): Promise<Outcome> => {
    await ask(ROLLBACK)
    return outcome
  }
  if (me === null) return giveUp({ kind: 'dead' })
  if (!samePaused(paused?.rows ?? [], known.paused) || (request.queues === null && kinds !== known.kinds))
    return giveUp({ kind: 'other queues' })
  const anyLeft = async (): Promise<boolean> => {
    const [answer] = await ask(moreOf(queues, () => [], new Map()))
    return answer?.rows[0]?.[0] === 1
  }
  if (before === 1) return giveUp({ kind: 'replay', more: await anyLeft(), wait })
  if (!promoted && wait !== null && wait <= 0) return giveUp({ kind: 'due' })

  const rows = await reach.take(ask, looked, limit)
  if (rows.length === 0) {
    // Whoever asks for nothing asks whether there is something.
    return giveUp({ kind: 'taken', rows: [], more: limit === 0 && (await anyLeft()), wait })
  }
  const taken = inOrder(rows, request.queues)
  const expired = taken.filter(({ row: { expiresAt } }) => expiresAt !== null && expiresAt <= now)
  if (expired.length > 0) return giveUp({ kind: 'expired', ids: expired.map(({ row }) => row.id), wait })
  await learnPolicies(
    store.policies,
    new MySession((statements) => ask(...statements), now),
    taken.map(({ row }) => row),
  )
  const more = await makeRunning(taken, { claimId, session: me, now, reach, limit }, ask, doubt)
  return { kind: 'taken', rows: taken, more, wait }
}

function samePaused(rows: readonly Row[], known: readonly string[]): boolean {
  return rows.length === known.length && rows.every(([queue]) => known.includes(queue as string))
}

/** In the order in which they should start. */
function inOrder(rows: readonly Row[], queues: readonly string[] | null): Taken[] {
  const taken = rows.map((values) => ({ row: rowOf(values), payload: values[ROW_WIDTH] as string }))
  const turn = ({ row }: Taken): number => (queues === null ? 0 : queues.indexOf(row.queue))
  return taken.toSorted(
    (a, b) => turn(a) - turn(b) || a.row.rank - b.row.rank || (a.row.place ?? 0) - (b.row.place ?? 0),
  )
}

interface Attempt {
  readonly claimId: string
  readonly session: number
  readonly now: number
  readonly reach: Reach
  readonly limit: number
}

/** Writes that the rows run, and answers whether more is ready. */
async function makeRunning(
  taken: readonly Taken[],
  { claimId, session, now, reach, limit }: Attempt,
  ask: Ask,
  doubt: Doubt,
): Promise<boolean> {
  const last = new Map<string, LineBound>()
  for (const { row } of taken) {
    const at = { line: lineOf(row.rank, row.back), slot: row.place ?? 0 }
    const known = last.get(row.queue)
    if (known === undefined || known.line < at.line || (known.line === at.line && known.slot < at.slot))
      last.set(row.queue, at)
  }
  const feed = new FeedNotes()
  for (const { row } of taken) {
    row.attempt++
    feed.tell(row, RUNNING)
  }
  const ids = taken.map(({ row }) => row.id)
  const more = moreOf(reach.queues, (queue) => reach.boundsOf(queue), last)
  doubt.commit = true
  const answers = await ask(
    takeOf(ids, claimId, session, now),
    tellOf(now, feed.count, feed.pack(), []),
    ...(taken.length < limit ? [] : [more]),
    COMMIT,
  )
  for (const { row } of taken) {
    row.state = RUNNING
    row.claim = claimId
    row.session = session
    row.startedAt = now
    row.deadlineAt = row.timeout === null ? null : now + row.timeout
    row.progress = null
  }
  return taken.length >= limit && answers[2]?.rows[0]?.[0] === 1
}

/** The records of rows that this claim took. */
function remember(
  store: Store,
  { claimId, session, limit }: ClaimRequest,
  taken: readonly Taken[],
): TaskRecord[] {
  const { memory, policies } = store
  const claimed: ClaimedTask[] = []
  const tasks = taken.map(({ row, payload }) => {
    const policy = policies.of(row)
    const { id, queue, type, attempt, uniqueKey, uniqueUntil } = row
    const freesKey = uniqueKey !== null && uniqueUntil === null
    const token = claimToken(claimId, attempt)
    if (!freesKey) claimed.push({ id, token, queue, type, attempt, keep: policy.keep.succeeded })
    if (taken.length >= limit && row.place !== null && row.back === 0)
      memory.bounds.raise(queue, row.rank, row.place)
    row.back = 0
    return taskOf(row, payload, policy, session)
  })
  memory.claimed.remember(claimId, claimed)
  return tasks
}

/** The tasks that still run under this claim. */
function replay(store: Store, request: ClaimRequest): Promise<TaskRecord[]> {
  const { session, claimId, queues } = request
  return store.read(async (look) => {
    const { rows } = await look.query(replayOf(session, claimId))
    const sorted = inOrder(rows, queues)
    await learnPolicies(
      store.policies,
      look,
      sorted.map(({ row }) => row),
    )
    return remember(store, { ...request, limit: Infinity }, sorted)
  })
}
