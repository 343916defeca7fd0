// The verbs of sessions: start, heartbeat, end (CONTRACT rules 1 and 3).
// Promises that death is one step for ever, and that a heartbeat never revives. Declaring death by time is the
// sweep's part.

import type { Beat, BeatReply, Held, NewSession, SessionEnd } from '../../core/hot-verbs.ts'
import { compareHeld, heldHash, type RunningRow } from '../../core/held.ts'
import type { SessionRecord } from '../../core/record.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { compareBytes } from './byte-order.ts'
import { nextDueIn } from './promote.ts'
import type { MemoryStore } from './store.ts'

export function startSessions(store: MemoryStore, sessions: readonly NewSession[]): ('started' | 'exists')[] {
  return sessions.map((session) => {
    if (store.sessions.has(session.id)) return 'exists'
    store.sessions.set(session.id, {
      ...structuredClone(session),
      state: 'live',
      cause: null,
      culprits: null,
      draining: false,
      beat: 0,
      startedAt: store.now,
      seenAt: store.now,
      expiresAt: store.now + session.lease,
      endedAt: null,
    })
    return 'started'
  })
}

export function heartbeat(store: MemoryStore, beats: readonly Beat[]): BeatReply[] {
  return beats.map((beat) => {
    const session = store.sessions.get(beat.session)
    if (session === undefined || session.state === 'dead') return gone(store)
    if (beat.renew) renew(store, session, beat.draining)
    return alive(store, beat)
  })
}

function gone(store: MemoryStore): BeatReply {
  return {
    status: 'gone',
    now: store.now,
    mismatch: false,
    lost: [],
    unclaimed: [],
    cancels: [],
    paused: pausedQueues(store),
    nextDueIn: openDue(store),
  }
}

function renew(store: MemoryStore, session: SessionRecord, draining: boolean): void {
  store.sessions.set(session.id, {
    ...session,
    draining,
    beat: session.beat + 1,
    seenAt: store.now,
    expiresAt: store.now + session.lease,
  })
}

function alive(store: MemoryStore, { session, held, unclaimedAfter }: Beat): BeatReply {
  const tasks = [...(store.running.get(session) ?? [])].map((row) => row.task)
  const running: RunningRow[] = tasks.map((task) => ({
    id: task.id,
    claim: task.claim ?? '',
    startedAt: task.startedAt ?? 0,
  }))
  const { lost, unclaimed } =
    held.list === null
      ? { lost: [], unclaimed: [] }
      : compareHeld(held.list, running, store.now - unclaimedAfter)
  const same = held.count === running.length && held.hash === heldHash(running)
  return {
    status: 'live',
    now: store.now,
    mismatch: held.list === null && !same,
    lost,
    unclaimed,
    cancels: tasks.filter((task) => task.cancelRequestedAt !== null).map(toHeld),
    paused: pausedQueues(store),
    nextDueIn: openDue(store),
  }
}

function toHeld({ id, claim }: { id: string; claim: string | null }): Held {
  return { id, claim: claim ?? '' }
}

function pausedQueues(store: MemoryStore): string[] {
  const queues = [...(store.documents.get(QUEUE_DOCUMENT)?.keys() ?? [])]
  return queues.filter((queue) => store.isPaused(queue)).toSorted(compareBytes)
}

/** Of the queues that are not paused: what waits in the others is nothing to wake up for. */
function openDue(store: MemoryStore): number | null {
  return nextDueIn(
    store,
    [...store.lanes.values()].filter((lane) => !store.isPaused(lane.queue)),
  )
}

export function endSessions(
  store: MemoryStore,
  ends: readonly SessionEnd[],
): ('ended' | 'already' | 'absent')[] {
  return ends.map(({ session: id, cause, culprits }) => {
    const session = store.sessions.get(id)
    if (session === undefined) return 'absent'
    if (session.state === 'dead') return 'already'
    declareDead(store, session, cause, culprits)
    return 'ended'
  })
}

/** Live → dead, with the cause that stays. */
export function declareDead(
  store: MemoryStore,
  session: SessionRecord,
  cause: SessionRecord['cause'],
  culprits: readonly string[] | null,
): void {
  store.sessions.set(session.id, {
    ...session,
    state: 'dead',
    cause,
    culprits: culprits === null ? null : [...culprits],
    endedAt: store.now,
  })
  store.hints.note('any', null)
}
