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
import { RUNNING } from './words.ts'

const REPLAY = `${SELECT_TASK} WHERE s.state = 2 AND s.session = ? AND s.claim = ?`
const HEAD = `${SELECT_WAITING} WHERE s.state = 1 AND s.queue = ? ORDER BY s.rank, s.place LIMIT ?`
const ANY_READY = 'SELECT 1 FROM windlass_states WHERE state = 1 AND queue = ? LIMIT 1'
const ANY_CLAIMED = 'SELECT 1 FROM windlass_states WHERE state = 2 AND session = ? AND claim = ? LIMIT 1'
const START = `UPDATE windlass_states SET state = 2, attempt = ?, claim = ?, session = ?, started_at = ?,
  deadline_at = ?, progress = NULL WHERE seq = ?`
// The token that was settled last is still known while the next attempt runs.
const START_AGAIN = `UPDATE windlass_states SET prior = claim || '.' || attempt || ' ' || mark, mark = NULL,
  state = 2, attempt = ?, claim = ?, session = ?, started_at = ?, deadline_at = ?, progress = NULL WHERE seq = ?`

const RANK = 4
const PLACE = 6

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

/** The first rows of one queue, read a few at a time; what was taken of them must be changed before the next read. */
interface Head {
  readonly queue: string
  rows: Row[]
  at: number
  drained: boolean
}

/** Takes from several queues as if they were one, until the limit of the request is reached. */
function takeFrom(
  unit: Unit,
  queues: readonly string[],
  session: SessionState,
  request: ClaimRequest,
  taken: TaskRecord[],
): void {
  const chunk = Math.ceil((request.limit - taken.length) / queues.length)
  const heads = queues.map((queue): Head => ({ queue, rows: [], at: 0, drained: false }))
  for (let expired = 0; taken.length < request.limit && expired < LIMITS.promote;) {
    const row = nextOf(unit, heads, chunk)
    if (row === null) return
    const expiresAt = row[8] as number | null
    if (expiresAt !== null && expiresAt <= unit.now) {
      cancelRow(unit, row)
      expired++
    } else {
      taken.push(start(unit, row, session, request.claimId))
    }
  }
}

/** The best row of all heads, taken off its head; null: nothing is ready. */
function nextOf(unit: Unit, heads: readonly Head[], chunk: number): Row | null {
  let best: Head | null = null
  let bestRow: Row | null = null
  for (const head of heads) {
    const row = firstOf(unit, head, chunk)
    if (row === null) continue
    if (bestRow === null || comesBefore(row, bestRow)) {
      best = head
      bestRow = row
    }
  }
  if (best !== null) best.at++
  return bestRow
}

function firstOf(unit: Unit, head: Head, chunk: number): Row | null {
  if (head.at >= head.rows.length && !head.drained) {
    head.rows = unit.connection.all(HEAD, head.queue, chunk)
    head.at = 0
    head.drained = head.rows.length < chunk
  }
  return head.rows[head.at] ?? null
}

function comesBefore(row: Row, other: Row): boolean {
  const rank = (row[RANK] as number) - (other[RANK] as number)
  return rank < 0 || (rank === 0 && (row[PLACE] as number) < (other[PLACE] as number))
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
      keep: unit.policy(row[22] as number | null, row[23] as string | null).keep,
      uniqueKey: row[27] as string | null,
      uniqueUntil: row[28] as number | null,
    },
    'expired',
  )
}

/** Begins an attempt. */
function start(unit: Unit, row: Row, session: SessionState, claimId: string): TaskRecord {
  const { now, connection, caches } = unit
  const seq = row[0] as number
  const attempt = (row[11] as number) + 1
  const { timeout } = unit.policy(row[22] as number | null, row[23] as string | null)
  const deadlineAt = timeout === null ? null : now + timeout
  connection.run(attempt === 1 ? START : START_AGAIN, attempt, claimId, session.n, now, deadlineAt, seq)
  const task = taskOf(
    unit,
    row,
    {
      claim: claimToken(claimId, attempt),
      session: unit.worker(session.n)?.session ?? null,
      startedAt: now,
      deadlineAt,
      cancelRequestedAt: null,
      finishedAt: null,
      progress: null,
      result: null,
    },
    RUNNING,
    attempt,
  )
  const { id, queue, type } = task
  unit.feed.tell(id, type, queue, RUNNING, attempt)
  unit.remember(() => {
    const uniqueKey = task.uniqueUntil === null ? task.uniqueKey : null
    caches.rememberClaimed(id, { seq, claimId, attempt, queue, type, keep: task.keep.succeeded, uniqueKey })
  })
  return task
}
