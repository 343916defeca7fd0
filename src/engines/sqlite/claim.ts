// The verb claim: promote what is due, then take by rank and place (CONTRACT rules 5, 11, 12).
// Promises that a repeated claim id gives the same tasks again and takes nothing new, and that a call that would
// find nothing learns it by reading, without the write lock. What a claim costs depends on what it takes only.

import type { ClaimReply, ClaimRequest } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import type { Row } from './connection.ts'
import { cancelWaiting } from './endings.ts'
import { nextDueIn, openQueues } from './queues.ts'
import { promote } from './promote.ts'
import { readTask, SELECT_TASK, SELECT_WAITING, taskOf } from './task-rows.ts'
import type { Unit } from './unit.ts'
import type { SessionState, View } from './view.ts'
import { READY, RUNNING } from '../sql/words.ts'

const REPLAY = `${SELECT_TASK} WHERE s.state = 2 AND s.session = ? AND s.claim = ?`
// Most tasks have few fields set: the others are read only where `rare` says that there are any.
const HEAD = `SELECT s.seq, s.type, s.rank, s.created_at, s.place, s.run_at, t.id, t.digest, t.policy, t.origin,
  t.root_id, t.payload, s.outcome IS NOT NULL OR s.expires_at IS NOT NULL OR s.grp IS NOT NULL OR s.parent_id IS NOT NULL
  OR t.extra IS NOT NULL OR t.unique_key IS NOT NULL OR t.policy IS NULL AS rare
  FROM windlass_states s JOIN windlass_tasks t ON t.seq = s.seq
  WHERE s.state = 1 AND s.queue = ? ORDER BY s.rank, s.place LIMIT ?`
const WHOLE = `${SELECT_WAITING} WHERE s.seq = ?`
const ANY_READY = 'SELECT 1 FROM windlass_states WHERE state = 1 AND queue = ? LIMIT 1'
const ANY_CLAIMED = 'SELECT 1 FROM windlass_states WHERE state = 2 AND session = ? AND claim = ? LIMIT 1'
// The first rows of a queue that are ready still, up to one of them. Which token was settled last is still known
// while the next attempt runs.
const START = `UPDATE windlass_states SET prior = CASE WHEN mark IS NULL THEN prior
  ELSE claim || '.' || attempt || ' ' || mark END, mark = NULL, state = 2, attempt = attempt + 1, claim = ?,
  session = ?, started_at = ?, deadline_at = ?, progress = NULL
  WHERE state = 1 AND queue = ? AND (rank, place) <= (?, ?)`

/** Positions in a row of HEAD. */
const RANK = 2
const PLACE = 4
/** Positions in a row of SELECT_WAITING. */
const EXPIRES = 8
const POLICY = 22

/** Claims with the write lock. */
export function claim(unit: Unit, requests: readonly ClaimRequest[]): ClaimReply[] {
  return requests.map((request) => claimOne(unit, request))
}

/** The answers if a look is enough: no session is live that asks, or nothing is there to take. Null: it is not. */
export function claimNothing(view: View, requests: readonly ClaimRequest[]): ClaimReply[] | null {
  const replies: ClaimReply[] = []
  for (const request of requests) {
    const reply = lookOnly(view, request)
    if (reply === null) return null
    replies.push(reply)
  }
  return replies
}

const NOT_LIVE: ClaimReply = { live: false, tasks: [], more: false, nextDueIn: null }

function lookOnly(view: View, request: ClaimRequest): ClaimReply | null {
  const session = view.session(request.session)
  if (session === null || !session.live) return NOT_LIVE
  const { connection } = view
  if (connection.get(ANY_CLAIMED, session.n, request.claimId) !== undefined) return null
  const queues = openQueues(connection, request.queues, view.paused())
  if (queues.some((queue) => connection.get(ANY_READY, queue) !== undefined)) return null
  const wait = nextDueIn(connection, queues, view.now)
  return wait === 0 ? null : { live: true, tasks: [], more: false, nextDueIn: wait }
}

function claimOne(unit: Unit, request: ClaimRequest): ClaimReply {
  const session = unit.session(request.session)
  if (session === null || !session.live) return NOT_LIVE
  const queues = openQueues(unit.connection, request.queues, unit.paused())
  const repeated = replay(unit, session, request)
  if (repeated.length > 0) return reply(unit, queues, repeated)

  promote(unit, queues, LIMITS.promote)
  const lanes = request.queues === null ? [queues] : queues.map((queue) => [queue])
  const tasks: TaskRecord[] = []
  for (const lane of lanes) {
    if (tasks.length >= request.limit) break
    takeFrom(unit, lane, session, request, tasks)
  }
  return reply(unit, queues, tasks)
}

/** The tasks that still run under this claim, in the order in which they were taken. */
function replay(unit: Unit, session: SessionState, { claimId, queues }: ClaimRequest): TaskRecord[] {
  const turn = (task: TaskRecord): number => (queues === null ? 0 : queues.indexOf(task.queue))
  return unit.connection
    .all(REPLAY, session.n, claimId)
    .map((row) => readTask(unit, row))
    .toSorted((a, b) => turn(a) - turn(b) || b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0))
}

function reply(unit: Unit, queues: readonly string[], tasks: readonly TaskRecord[]): ClaimReply {
  const wait = nextDueIn(unit.connection, queues, unit.now)
  const more = wait === 0 || queues.some((queue) => unit.connection.get(ANY_READY, queue) !== undefined)
  return { live: true, tasks, more, nextDueIn: wait }
}

/** Who claims, and under which id. */
interface Claimer {
  readonly session: SessionState
  readonly claimId: string
}

/** Takes from several queues as if they were one, until the limit of the request is reached. */
function takeFrom(
  unit: Unit,
  queues: readonly string[],
  session: SessionState,
  request: ClaimRequest,
  taken: TaskRecord[],
): void {
  const claimer = { session, claimId: request.claimId }
  const chunk = Math.ceil((request.limit - taken.length) / queues.length)
  const heads = queues.map((queue) => new Head(unit, queue, chunk, claimer))
  for (let expired = 0; taken.length < request.limit && expired < LIMITS.promote;) {
    const head = bestOf(heads)
    if (head === null) break
    const task = head.take()
    if (task === null) expired++
    else taken.push(task)
  }
  for (const head of heads) head.flush()
}

/** The head whose first row is to be taken next; null: nothing is ready. */
function bestOf(heads: readonly Head[]): Head | null {
  const [only] = heads
  if (heads.length === 1 && only !== undefined) return only.first() === null ? null : only
  let best: Head | null = null
  let bestRow: Row | null = null
  for (const head of heads) {
    const row = head.first()
    if (row !== null && (bestRow === null || comesBefore(row, bestRow))) {
      best = head
      bestRow = row
    }
  }
  return best
}

function comesBefore(row: Row, other: Row): boolean {
  const rank = (row[RANK] as number) - (other[RANK] as number)
  return rank < 0 || (rank === 0 && (row[PLACE] as number) < (other[PLACE] as number))
}

/**
 * The first rows of one queue, read a few at a time and started a few at a time: what is taken is always all from
 * the first to some last one, so one statement can start it.
 */
class Head {
  readonly #unit: Unit
  readonly #queue: string
  readonly #chunk: number
  readonly #claimer: Claimer
  #rows: Row[] = []
  #at = 0
  #drained = false
  /** Taken and not started yet: how many, the last of them, and what their attempts may take. */
  #taken: { count: number; last: Row; readonly timeout: number | null } | null = null

  constructor(unit: Unit, queue: string, chunk: number, claimer: Claimer) {
    this.#unit = unit
    this.#queue = queue
    this.#chunk = chunk
    this.#claimer = claimer
  }

  first(): Row | null {
    if (this.#at >= this.#rows.length && !this.#drained) {
      this.flush()
      this.#rows = this.#unit.connection.all(HEAD, this.#queue, this.#chunk)
      this.#at = 0
      this.#drained = this.#rows.length < this.#chunk
    }
    return this.#rows[this.#at] ?? null
  }

  /** Takes the first row; null: its time was over, it is cancelled. */
  take(): TaskRecord | null {
    const row = this.#rows[this.#at++]
    if (row === undefined) return null
    const unit = this.#unit
    const whole = wholeRow(unit, this.#queue, row)
    const expiresAt = whole[EXPIRES] as number | null
    if (expiresAt !== null && expiresAt <= unit.now) {
      cancelRow(unit, whole)
      return null
    }
    const { timeout } = unit.policy(whole[POLICY] as number | null, whole[POLICY + 1] as string | null)
    if (this.#taken === null || this.#taken.timeout !== timeout) {
      this.flush()
      this.#taken = { count: 0, last: row, timeout }
    }
    this.#taken.count++
    this.#taken.last = row
    return startedTask(unit, whole, this.#claimer, timeout)
  }

  /** Starts what was taken. */
  flush(): void {
    if (this.#taken === null) return
    const { count, last, timeout } = this.#taken
    const { now, connection } = this.#unit
    const { claimId, session } = this.#claimer
    const deadlineAt = timeout === null ? null : now + timeout
    const place = [last[RANK] as number, last[PLACE] as number] as const
    const started = connection.run(START, claimId, session.n, now, deadlineAt, this.#queue, ...place)
    if (started !== count) throw new Error(`${started} tasks were started, ${count} were to be`)
    this.#taken = null
  }
}

/** The row in the order of SELECT_WAITING, filled up with what most tasks have. */
function wholeRow(unit: Unit, queue: string, row: Row): Row {
  const [seq, type, rank, createdAt, place, runAt, id, digest, policy, origin, root, payload, rare] = row
  if (rare !== 0) return unit.connection.get(WHOLE, seq as number) ?? row
  return [
    seq,
    READY,
    queue,
    type,
    rank,
    createdAt,
    place,
    runAt,
    null,
    null,
    null,
    0,
    0,
    0,
    0,
    0,
    0,
    null,
    null,
  ].concat([null, id, digest, policy, null, origin, root, null, null, null, payload]) as Row
}

function cancelRow(unit: Unit, row: Row): void {
  cancelWaiting(
    unit,
    {
      seq: row[0] as number,
      id: row[20] as string,
      type: row[3] as string,
      queue: row[2] as string,
      attempt: row[11] as number,
      keep: unit.policy(row[POLICY] as number | null, row[POLICY + 1] as string | null).keep,
      uniqueKey: row[27] as string | null,
      uniqueUntil: row[28] as number | null,
    },
    'expired',
  )
}

/** The task as its attempt begins. */
function startedTask(
  unit: Unit,
  row: Row,
  { session, claimId }: Claimer,
  timeout: number | null,
): TaskRecord {
  const { now, caches } = unit
  const attempt = (row[11] as number) + 1
  const running = {
    claim: claimToken(claimId, attempt),
    session: unit.worker(session.n)?.session ?? null,
    startedAt: now,
    deadlineAt: timeout === null ? null : now + timeout,
    cancelRequestedAt: null,
    finishedAt: null,
    progress: null,
    result: null,
  }
  const task = taskOf(unit, row, running, RUNNING, attempt)
  const { id, queue, type } = task
  unit.feed.tell(id, type, queue, RUNNING, attempt)
  unit.remember(() => {
    const uniqueKey = task.uniqueUntil === null ? task.uniqueKey : null
    const seq = row[0] as number
    caches.rememberClaimed(id, { seq, claimId, attempt, queue, type, keep: task.keep.succeeded, uniqueKey })
  })
  return task
}
