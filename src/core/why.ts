// Why a task is not running: one pure function over what the store knows, the first reason that holds is told.

import type { SessionRecord, TaskRecord } from './record.ts'

export type WhyReason =
  | 'due_later'
  | 'waiting_retry'
  | 'queue_paused'
  | 'no_worker_for_queue'
  | 'no_worker_for_type'
  | 'behind'
  | 'running'
  | 'finished'
  | 'cancelled'

export interface Why {
  readonly reason: WhyReason
  readonly detail: string
}

/** What the answer rests on. */
export interface WhyFacts {
  readonly now: number
  readonly paused: boolean
  readonly liveSessions: readonly SessionRecord[]
  /** Ready tasks of its queue that come first; null: not ready. */
  readonly ahead: number | null
}

/** Tells why. A running task whose session is not live is told as running, with the rescue that is due. */
export function explain(task: TaskRecord, facts: WhyFacts): Why {
  switch (task.state) {
    case 'running':
      return { reason: 'running', detail: runningDetail(task, facts) }
    case 'succeeded':
      return { reason: 'finished', detail: `succeeded in attempt ${task.attempt}` }
    case 'dead':
      return {
        reason: 'finished',
        detail: `dead (${task.reason ?? 'failed'}): ${task.error?.message ?? 'no error kept'}`,
      }
    case 'cancelled':
      return {
        reason: 'cancelled',
        detail: task.reason === 'expired' ? 'expired before it started' : 'cancelled',
      }
    case 'scheduled':
    case 'ready':
      return waiting(task, facts)
  }
}

function runningDetail(task: TaskRecord, facts: WhyFacts): string {
  const session = facts.liveSessions.find((one) => one.id === task.session)
  if (session === undefined) return 'its worker is gone; it will be taken over'
  const cancel = task.cancelRequestedAt === null ? '' : ', cancel requested'
  return `attempt ${task.attempt} on ${session.name} (pid ${session.pid} on ${session.host})${cancel}`
}

function waiting(task: TaskRecord, facts: WhyFacts): Why {
  const wait = task.runAt - facts.now
  if (task.state === 'scheduled' && wait > 0) {
    const when = `due at ${new Date(task.runAt).toISOString()}, in ${Math.ceil(wait / 1_000)} s`
    if (task.attempt === 0) return { reason: 'due_later', detail: when }
    return {
      reason: 'waiting_retry',
      detail: `after attempt ${task.attempt} (${task.reason ?? task.outcome ?? 'ended'}), ${when}`,
    }
  }
  if (facts.paused) return { reason: 'queue_paused', detail: `queue ${task.queue} is paused` }
  const takers = facts.liveSessions.filter(
    (one) => !one.draining && (one.queues === null || one.queues.includes(task.queue)),
  )
  if (takers.length === 0)
    return { reason: 'no_worker_for_queue', detail: `no live worker takes from queue ${task.queue}` }
  if (!takers.some((one) => one.types.includes(task.type))) {
    return {
      reason: 'no_worker_for_type',
      detail: `no worker of queue ${task.queue} knows task type ${task.type}`,
    }
  }
  const ahead = facts.ahead ?? 0
  return {
    reason: 'behind',
    detail: `${ahead} ready ${ahead === 1 ? 'task comes' : 'tasks come'} first in queue ${task.queue}`,
  }
}
