// Checks of what a claim hands out: in order, first come first served, nothing early, expired or from a paused queue.
// Each answers violations only where the history leaves no other reading; in doubt it says nothing.

import { QUEUE_DOCUMENT, readQueueSettings } from '../../core/queue-settings.ts'
import type { TaskRecord } from '../../core/record.ts'
import { happened, isApplied, requeuesOf, tokensOf, type Claimed, type Facts, type Life } from './facts.ts'
import type { CallOf, History, Violation } from './history.ts'
import { each } from './life-checks.ts'

/** Nothing is claimed before it is due. */
export function early({ lives, history }: Facts): Violation[] {
  if (history.clockWentBack) return []
  return each(lives, (life) =>
    tokensOf(life).flatMap((claim) => {
      const due = Math.max(claim.task.runAt, dueBefore(life, claim))
      return claim.until < due ? [`${claim.token} was given ${due - claim.until} ms before it was due`] : []
    }),
  )
}

/** The due time that the enqueue or the settlement before this claim certainly set; −∞ if none is certain. */
function dueBefore(life: Life, { task, since }: Claimed): number {
  const nothing = Number.NEGATIVE_INFINITY
  if (requeuesOf(life).length > 0) return nothing
  if (task.attempt === 1) {
    const created = life.enqueues.find(({ reply }) => reply?.outcome === 'created')
    if (created === undefined || created.returned >= since) return nothing
    const { due } = created.task
    return 'at' in due ? due.at : created.at + due.after
  }
  const before = life.settles.find(
    (one) => isApplied(one) && one.settlement.claim.endsWith(`.${task.attempt - 1}`),
  )
  return before?.reply?.state === 'scheduled' ? before.at + before.settlement.outcome.delay : nothing
}

/** What was not started in its time is not started at all. */
export function expired({ lives, history }: Facts): Violation[] {
  if (history.clockWentBack) return []
  return each(lives, (life) => {
    const created = life.enqueues.find(({ reply }) => reply?.outcome === 'created')
    const expires = created?.task.expires
    if (expires == null || created === undefined || requeuesOf(life).length > 0) return []
    const end = 'at' in expires ? expires.at : created.until + expires.after
    const late = tokensOf(life).filter(({ since, invoked, at }) => since === invoked && at >= end)
    return late.map(({ token, at }) => `${token} was given ${at - end} ms after it had expired`)
  })
}

/** Nothing is claimed from a paused queue. */
export function paused({ lives, history }: Facts): Violation[] {
  const puts = putsOf(history)
  return each(lives, (life) =>
    tokensOf(life).flatMap(({ token, task, since, returned }) => {
      if (history.healed !== null && returned > history.healed) return []
      const mine = puts.filter(({ queue }) => queue === task.queue)
      const last = mine.findLast((put) => put.put && put.returned < since)
      if (last?.paused !== true) return []
      const others = mine.some((put) => put !== last && put.invoked < returned && put.returned > last.invoked)
      return others ? [] : [`${token} was given while its queue was paused`]
    }),
  )
}

function putsOf(history: History) {
  return history.calls.flatMap((call) => {
    if (call.verb !== 'putDocument' || !happened(call)) return []
    return call.asked.flatMap(({ kind, key, body }, i) => {
      const reply = call.told?.[i]
      if (kind !== QUEUE_DOCUMENT || reply?.status === 'conflict') return []
      const { invoked, returned } = call
      return [{ queue: key, invoked, returned, put: reply !== undefined, ...readQueueSettings(body) }]
    })
  })
}

/** Of two tasks that were ready at once, the one enqueued first has the lower place. */
export function fifo({ lives }: Facts): Violation[] {
  const firsts = [...lives.values()].flatMap((life) => {
    const created = life.enqueues.find(({ reply }) => reply?.outcome === 'created')
    const first = tokensOf(life)[0]
    if (created?.reply?.state !== 'ready' || first?.task.attempt !== 1 || life.actions.length > 0) return []
    const { id, place, queue } = first.task
    return [{ id, place: place ?? 0, queue, invoked: created.invoked, returned: created.returned }]
  })
  return firsts.flatMap((later) => {
    const before = firsts.find(
      (one) => one.queue === later.queue && one.returned < later.invoked && one.place > later.place,
    )
    const says = `it got a place before ${before?.id}, which was there first`
    return before === undefined ? [] : [{ check: '', id: later.id, says }]
  })
}

/** A claim answers in order, and leaves nothing better (or, with slots free, nothing at all) behind. */
export function order(facts: Facts): Violation[] {
  const touched = new Set(putsOf(facts.history).map(({ queue }) => queue))
  return facts.history.calls.flatMap((call) => {
    if (call.verb !== 'claim' || call.told === null) return []
    return call.told.flatMap(({ tasks, live }, i) => {
      const request = call.asked[i]
      return request === undefined || !live ? [] : judgeClaim(facts, call, request, tasks, touched)
    })
  })
}

function judgeClaim(
  facts: Facts,
  call: CallOf<'claim'>,
  { claimId, queues, limit }: CallOf<'claim'>['asked'][number],
  tasks: readonly TaskRecord[],
  touched: ReadonlySet<string>,
): Violation[] {
  const lanes =
    queues === null ? [tasks] : queues.map((queue) => tasks.filter((task) => task.queue === queue))
  const expected = lanes.flatMap((lane) =>
    lane.toSorted((a, b) => b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0)),
  )
  const wrong = expected.find(({ id }, at) => tasks[at]?.id !== id)
  if (wrong !== undefined) return [{ check: '', id: wrong.id, says: `claim ${claimId} is out of order` }]
  // A repeated claim answers what it took then, not what is best now.
  if ((facts.asked.get(claimId) ?? 0) < call.invoked) return []
  const full = tasks.length >= limit
  return [...facts.lives.values()].flatMap((life) => {
    const waits = waitedDuring(life, call.invoked, call.returned)
    if (waits === null || touched.has(waits.queue)) return []
    if (queues !== null && !queues.includes(waits.queue)) return []
    const worst = (queues === null ? tasks : tasks.filter(({ queue }) => queue === waits.queue)).at(-1)
    const better =
      worst !== undefined &&
      (waits.priority > worst.priority ||
        (waits.priority === worst.priority && waits.place !== null && waits.place < (worst.place ?? 0)))
    const says = `claim ${claimId} left it behind`
    return better || !full ? [{ check: '', id: life.id, says }] : []
  })
}

/** What is known of a task that certainly waited, ready and untouched, from before `from` until after `to`. */
function waitedDuring(
  life: Life,
  from: number,
  to: number,
): { queue: string; priority: number; place: number | null } | null {
  const created = life.enqueues.find(({ reply }) => reply?.outcome === 'created')
  if (created === undefined || created.returned >= from || created.reply?.state !== 'ready') return null
  if (created.task.expires !== null || life.actions.some(({ invoked }) => invoked < to)) return null
  const first = tokensOf(life)[0]
  const { queue, priority } = created.task
  if (first === undefined) {
    const untouched = life.final?.state === 'ready' && life.final.attempt === 0
    return untouched ? { queue, priority, place: life.final?.place ?? null } : null
  }
  if (first.task.attempt !== 1 || first.since <= to) return null
  return { queue, priority, place: first.task.place }
}
