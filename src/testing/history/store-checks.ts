// Checks across tasks and of what is stored: due times, order, unique keys, counters, bytes, sessions, liveness.
// Each answers violations only where the history leaves no other reading; in doubt it says nothing.

import { outcomeMark } from '../../core/outcome-mark.ts'
import { isFinal, TASK_STATES, type Counters } from '../../core/record.ts'
import {
  endingsOf,
  happened,
  isApplied,
  requeuesOf,
  tokensOf,
  type Claimed,
  type Facts,
  type Life,
} from './facts.ts'
import type { Violation } from './history.ts'
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

/** A claim answers in order, and leaves nothing better (or, with slots free, nothing at all) behind. */
export function order(facts: Facts): Violation[] {
  const paused = new Set(
    facts.history.calls.flatMap((call) =>
      call.verb === 'putDocument' ? call.asked.map(({ key }) => key) : [],
    ),
  )
  return facts.history.calls.flatMap((call) => {
    if (call.verb !== 'claim' || call.told === null) return []
    return call.told.flatMap(({ tasks, live }, i) => {
      const request = call.asked[i]
      if (request === undefined || !live) return []
      const lanes =
        request.queues === null
          ? [tasks]
          : request.queues.map((queue) => tasks.filter((t) => t.queue === queue))
      const expected = lanes.flatMap((lane) =>
        lane.toSorted((a, b) => b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0)),
      )
      const wrong = expected.findIndex(({ id }, at) => tasks[at]?.id !== id)
      if (wrong >= 0)
        return [
          { check: '', id: expected[wrong]?.id ?? '', says: `claim ${request.claimId} is out of order` },
        ]
      // A repeated claim answers what it took then, not what is best now.
      if ((facts.asked.get(request.claimId) ?? 0) < call.invoked) return []
      const full = tasks.length >= request.limit
      return [...facts.lives.values()].flatMap((life) => {
        const waits = waitedDuring(life, call.invoked, call.returned)
        if (waits === null || paused.has(waits.queue)) return []
        const lane = request.queues === null ? tasks : tasks.filter(({ queue }) => queue === waits.queue)
        if (request.queues !== null && !request.queues.includes(waits.queue)) return []
        const worst = lane.at(-1)
        const better =
          worst !== undefined &&
          (waits.priority > worst.priority ||
            (waits.priority === worst.priority && waits.place !== null && waits.place < (worst.place ?? 0)))
        return better || !full
          ? [{ check: '', id: life.id, says: `claim ${request.claimId} left it behind` }]
          : []
      })
    })
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

/** One task per unique key: the next is created only when the one before has ended, or its time is over. */
export function unique({ lives, history }: Facts): Violation[] {
  const byKey = new Map<
    string,
    { life: Life; invoked: number; returned: number; at: number; until: number; hold: number | null }[]
  >()
  for (const life of lives.values()) {
    for (const { task, reply, invoked, returned, at, until } of life.enqueues) {
      if (task.unique === null || reply?.outcome !== 'created') continue
      const list = byKey.get(task.unique.key) ?? []
      byKey.set(task.unique.key, list)
      list.push({ life, invoked, returned, at, until, hold: task.unique.for })
    }
  }
  return [...byKey].flatMap(([key, list]) => {
    const sorted = list.toSorted((a, b) => a.invoked - b.invoked)
    return sorted.flatMap((next, i) =>
      sorted.slice(0, i).flatMap((before) => {
        if (before.returned >= next.invoked || before.life === next.life) return []
        const over =
          before.hold === null
            ? mayBeOver(before.life, before.invoked, next.invoked, next.returned)
            : history.clockWentBack || next.until >= before.at + before.hold || wasDeleted(before.life)
        const says = `it was created while ${before.life.id} held the key ${JSON.stringify(key)}`
        return over ? [] : [{ check: '', id: next.life.id, says }]
      }),
    )
  })
}

/** May the task have ended after it was last seen alive before `from`, and before `to`? */
function mayBeOver(life: Life, created: number, from: number, to: number): boolean {
  const signs = [...life.claims, ...requeuesOf(life).filter(({ reply }) => reply !== null)]
  const seen = Math.max(created, ...signs.flatMap((one) => (one.returned < from ? [one.invoked] : [])))
  const ends = [
    ...life.settles.filter(
      (one) => happened(one) && one.reply?.status !== 'lost' && isFinal(one.settlement.outcome.to),
    ),
    ...life.actions.filter((one) => happened(one) && one.action.verb !== 'reprioritise'),
  ]
  const expires = life.enqueues.some(({ task }) => task.expires !== null)
  return expires || ends.some((one) => one.invoked < to && one.returned > seen)
}

function wasDeleted(life: Life): boolean {
  return life.actions.some((one) => one.action.verb === 'delete' && happened(one))
}

const COUNTERS = ['failures', 'crashes', 'losses', 'releases'] as const

/** Counters are the sum of what was charged, within their budgets; statistics equal a recount. */
export function counters({ lives, history }: Facts): Violation[] {
  const { tasks, stats } = history.final
  const tasksWrong = each(lives, (life) => {
    const { final } = life
    if (final === null) return []
    const over = [
      ...(final.failures > final.retry.retries + 1 ? ['more failures than its retries allow'] : []),
      ...(final.crashes > final.crash.crashes ? ['more crashes than its policy allows'] : []),
      ...(final.losses > final.crash.losses ? ['more losses than its policy allows'] : []),
    ]
    if (requeuesOf(life).length > 0) return over
    const wrong = COUNTERS.flatMap((name) => {
      const [least, most] = charged(life, name)
      const value = final[name]
      return value < least || value > most ? [`${name} is ${value}, charged were ${least} to ${most}`] : []
    })
    return [...over, ...wrong]
  })
  const statsWrong = stats.flatMap(({ queue, counts }) =>
    TASK_STATES.flatMap((state) => {
      const counted = tasks.filter((task) => task.queue === queue && task.state === state).length
      const says = `statistics of ${queue} say ${counts[state]} ${state}, there are ${counted}`
      return counted === counts[state] ? [] : [{ check: '', id: queue, says }]
    }),
  )
  return [...tasksWrong, ...statsWrong]
}

/** What was certainly, and what was at most, charged to a counter: each token once. */
function charged(life: Life, name: keyof Counters): [number, number] {
  let least = 0
  let most = 0
  for (const token of new Set(life.settles.map(({ settlement }) => settlement.claim))) {
    const endings = endingsOf(life, token)
    const sure = endings.find(({ reply }) => reply !== null)
    const charges = (sure === undefined ? endings : [sure]).map(
      ({ settlement }) => settlement.outcome.charge[name] ?? 0,
    )
    least += sure === undefined ? 0 : (charges[0] ?? 0)
    most += Math.max(0, ...charges)
  }
  return [least, most]
}

/** Payload and result come back byte for byte, and an outcome as it was settled. */
export function bytes({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const payloads = life.enqueues.map(({ task }) => task.payload)
    const seen = [...life.claims.map(({ task }) => task), ...(life.final === null ? [] : [life.final])]
    const changed = seen.some((task) => payloads.length > 0 && !payloads.includes(task.payload))
    const results = life.settles.flatMap((one) => (happened(one) ? [one.settlement.outcome.result] : []))
    const { final } = life
    const wrong = final?.state === 'succeeded' && !results.includes(final.result)
    return [
      ...(changed ? ['its payload changed'] : []),
      ...(wrong ? ['its result is not what was settled'] : []),
    ]
  })
}

/** `already` is said only of the very outcome that stands. */
export function already({ lives }: Facts): Violation[] {
  return each(lives, (life) =>
    life.settles.flatMap(({ reply, settlement: { claim, outcome } }) => {
      if (reply?.status !== 'already') return []
      // A call may have been delivered twice: its own first delivery may be the one that was applied.
      const stands = life.settles.find((one) => one.settlement.claim === claim && isApplied(one))
      const other = stands !== undefined && outcomeMark(stands.settlement.outcome) !== outcomeMark(outcome)
      return other ? [`token ${claim} was settled otherwise, and this is called the same`] : []
    }),
  )
}

/** When all is healed and drained, whatever can end has ended. */
export function liveness({ lives, history }: Facts): Violation[] {
  if (history.healed === null) return []
  const { paused, now } = history.final
  return each(lives, ({ final }) => {
    if (final === null || isFinal(final.state) || paused.includes(final.queue)) return []
    const later = final.state === 'scheduled' && final.runAt > now
    return later ? [] : [`it is still ${final.state}, long after the last fault`]
  })
}
