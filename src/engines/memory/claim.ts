// The verb claim: promote what is due, then take by priority and place (CONTRACT rules 5, 11, 12).
// Promises that a repeated claim id gives the same tasks again and takes nothing new, that a paused queue is left
// alone, and that no claim takes more than its limit. Leaves what happens to a dead session's tasks to the sweep.

import type { ClaimReply, ClaimRequest } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { cancelWaiting } from './endings.ts'
import { byClaim, type Lane } from './lane.ts'
import { nextDueIn, promote } from './promote.ts'
import type { Row } from './row.ts'
import type { MemoryStore } from './store.ts'

export function claim(store: MemoryStore, requests: readonly ClaimRequest[]): ClaimReply[] {
  return requests.map((request) => claimOne(store, request))
}

function claimOne(store: MemoryStore, request: ClaimRequest): ClaimReply {
  if (!store.isLive(request.session)) return { live: false, tasks: [], more: false, nextDueIn: null }
  const lanes = lanesOf(store, request.queues)
  const repeated = [...(store.claims.get(request.claimId) ?? [])].map((row) => row.task)
  if (repeated.length > 0) return reply(store, lanes, repeated)

  promote(store, lanes, LIMITS.promote)
  const tasks: TaskRecord[] = []
  for (const lane of request.queues === null ? [lanes] : lanes.map((one) => [one])) {
    takeFrom(store, lane, request, tasks)
  }
  return reply(store, lanes, tasks)
}

/** The lanes that are asked for and not paused. */
function lanesOf(store: MemoryStore, queues: readonly string[] | null): Lane[] {
  const asked = queues === null ? [...store.lanes.keys()] : [...new Set(queues)]
  return asked.flatMap((queue) => {
    const lane = store.lanes.get(queue)
    return lane === undefined || store.isPaused(queue) ? [] : [lane]
  })
}

/** Takes from several lanes as if they were one, until the limit of the request is reached. */
function takeFrom(
  store: MemoryStore,
  lanes: readonly Lane[],
  request: ClaimRequest,
  taken: TaskRecord[],
): void {
  for (let expired = 0; taken.length < request.limit && expired < LIMITS.promote;) {
    const row = bestOf(lanes)
    if (row === undefined) return
    if (row.task.expiresAt !== null && row.task.expiresAt <= store.now) {
      cancelWaiting(store, row, 'expired', 'expire')
      expired++
    } else {
      start(store, row, request)
      taken.push(row.task)
    }
  }
}

function bestOf(lanes: readonly Lane[]): Row | undefined {
  return lanes
    .map((lane) => lane.ready.first())
    .reduce((best, row) => {
      if (best === undefined || row === undefined) return best ?? row
      return byClaim(row, best) < 0 ? row : best
    }, undefined)
}

function start(store: MemoryStore, row: Row, request: ClaimRequest): void {
  const { timeout } = row.task
  const attempt = row.task.attempt + 1
  row.worker = store.sessions.get(request.session)?.name ?? null
  store.change(row, {
    state: 'running',
    attempt,
    claim: claimToken(request.claimId, attempt),
    session: request.session,
    startedAt: store.now,
    deadlineAt: timeout === null ? null : store.now + timeout,
    progress: null,
  })
}

function reply(store: MemoryStore, lanes: readonly Lane[], tasks: readonly TaskRecord[]): ClaimReply {
  const wait = nextDueIn(store, lanes)
  return {
    live: true,
    tasks,
    more: wait === 0 || lanes.some((lane) => lane.ready.size > 0),
    nextDueIn: wait,
  }
}
