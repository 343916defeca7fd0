// The verb claim: promote what is due, then take by rank and place (CONTRACT rules 5, 11, 12, 21, 22).
// One statement takes and answers; it takes nothing where something has to be done before (tasks are due or expired, or
// the claim id was asked with before), says so, and is asked again afterwards. What it costs depends on what it takes
// only: rows of other states are in no index that it reads, and each lane is read from where the last claim ended.

import type { ClaimReply, ClaimRequest } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { learnPolicies } from '../sql/learn-policies.ts'
import type { Row } from '../sql/task-row.ts'
import { expireTasks } from '../sql/units.ts'
import { arrayOf } from './arrays.ts'
import { ClaimReader, placeOf, policiesOf } from './claimed-row.ts'
import { CLAIM_MERGED, CLAIM_ORDERED, HEAD_MERGED, HEAD_ORDERED, REPLAY } from './claim-statements.ts'
import { promote } from './promote.ts'
import type { ClaimedTask } from './memory.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

/** Claims in the order of the requests. */
export async function claim(store: Store, requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
  const replies: ClaimReply[] = []
  for (const request of requests) replies.push(await claimOne(store, request))
  return replies
}

const NOT_LIVE: ClaimReply = { live: false, tasks: [], more: false, nextDueIn: null }

/** What the statement says beside the rows it took. */
interface Answered {
  readonly rows: readonly Row[]
  readonly live: boolean
  readonly replayed: boolean
  readonly expired: boolean
  readonly more: boolean
  /** Null: nothing is scheduled. */
  readonly wait: number | null
  readonly now: number
}

async function claimOne(store: Store, request: ClaimRequest): Promise<ClaimReply> {
  let promoted = false
  for (let expired = 0; ;) {
    const bounded = store.memory.bounds.usable()
    const answer = await ask(store, request, promoted, bounded)
    if (!answer.live) return NOT_LIVE
    if (answer.replayed) return reply(answer, await replay(store, request))
    if (answer.expired) {
      if (expired >= LIMITS.promote) return reply({ ...answer, more: true }, [])
      expired += await expireHead(store, request)
      continue
    }
    if (!promoted && answer.wait !== null && answer.wait <= 0) {
      await promote(store, { queues: request.queues, perQueue: LIMITS.promote, limit: null })
      promoted = true
      continue
    }
    // Short of what was asked for: what a bound may have hidden is looked for without it.
    if (bounded && answer.rows.length < request.limit) {
      store.memory.bounds.forget()
      if (answer.rows.length === 0) continue
      const rest = await ask(
        store,
        { ...request, limit: request.limit - answer.rows.length },
        true,
        false,
        true,
      )
      const rows = [...answer.rows, ...rest.rows]
      return reply({ ...rest, more: rest.more || rest.expired }, await taken(store, request, rows))
    }
    return reply(answer, await taken(store, request, answer.rows))
  }
}

function reply({ wait, more }: Answered, tasks: TaskRecord[]): ClaimReply {
  const left = wait === null ? null : Math.max(0, wait)
  return { live: true, tasks, more: more || left === 0, nextDueIn: left }
}

async function ask(
  store: Store,
  { session, claimId, queues, limit }: ClaimRequest,
  dueToo: boolean,
  bounded: boolean,
  again = false,
): Promise<Answered> {
  const { memory } = store
  const lanes = bounded ? memory.bounds.list() : []
  const started = performance.now()
  const statements = queues === null ? CLAIM_MERGED : CLAIM_ORDERED
  const asked = [
    store.now,
    session,
    claimId,
    queues === null ? null : arrayOf([...new Set(queues)]),
    limit,
    dueToo ? 1 : 0,
    again ? 1 : 0,
    bounded ? memory.dueAfter(queues, store.now) : 0,
  ]
  const bounds = [
    arrayOf(lanes.map(({ queue }) => queue)),
    arrayOf(lanes.map(({ rank }) => rank)),
    arrayOf(lanes.map(({ place }) => place)),
  ]
  const { rows } = bounded
    ? await store.once(statements.bounded, [...asked, ...bounds])
    : await store.once(statements.whole, asked)
  memory.bounds.spent(performance.now() - started)
  const [head = [], ...found] = rows
  const [at = 0, live, replayed, expired, more, next = null] = String(head[0]).split(',').map(Number)
  const wait = next === null ? null : next - at
  if (!bounded && live === 1 && (wait === null || wait > 0)) memory.nothingDue(queues, at)
  return {
    rows: found,
    live: live === 1,
    replayed: replayed === 1,
    expired: expired === 1,
    more: more === 1,
    wait,
    now: at,
  }
}

/** The records of rows that this claim took, in the order in which they should start. */
async function taken(
  store: Store,
  { claimId, session, queues, limit }: ClaimRequest,
  rows: readonly Row[],
): Promise<TaskRecord[]> {
  if (rows.length === 0) return []
  const { memory, policies } = store
  const unknown = [...policiesOf(rows)].flatMap((policy) => (policies.knows(policy) ? [] : [{ policy }]))
  if (unknown.length > 0) await store.read((look) => learnPolicies(policies, look, unknown))
  const hinted = rows.length >= limit
  const remembered: ClaimedTask[] = []
  const reader = new ClaimReader(claimId, session, policies)
  const tasks = rows.map((row) => {
    const task = reader.read(row)
    const { id, queue, type, attempt, claim: token, uniqueKey, uniqueUntil, place } = task
    const freesKey = uniqueKey !== null && uniqueUntil === null
    if (!freesKey && token !== null)
      remembered.push({ id, tid: placeOf(row), token, queue, type, attempt, keep: task.keep.succeeded })
    if (hinted && place !== null) memory.bounds.raise(queue, 0 - task.priority, place)
    return task
  })
  memory.claimed.remember(claimId, remembered)
  return sorted(tasks, queues)
}

function sorted(tasks: TaskRecord[], queues: readonly string[] | null): TaskRecord[] {
  const turn = (task: TaskRecord): number => (queues === null ? 0 : queues.indexOf(task.queue))
  return tasks.toSorted(
    (a, b) => turn(a) - turn(b) || b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0),
  )
}

/** The tasks that still run under this claim. */
async function replay(store: Store, request: ClaimRequest): Promise<TaskRecord[]> {
  const { rows } = await store.once(REPLAY, [request.claimId, request.session])
  return taken(store, { ...request, limit: Infinity }, rows)
}

/** Cancels what is past its time among the rows that this claim would meet first; answers how many. */
async function expireHead(store: Store, { queues, limit }: ClaimRequest): Promise<number> {
  const { rows } = await store.once(queues === null ? HEAD_MERGED : HEAD_ORDERED, [
    queues === null ? null : arrayOf([...new Set(queues)]),
    limit,
  ])
  return expireTasks(
    UNITS,
    store,
    rows.map(([id]) => id as string),
  )
}
