// Checks across tasks and of what is stored: unique keys, counters, bytes, liveness, cancels.
// Each answers violations only where the history leaves no other reading; in doubt it says nothing.

import { outcomeMark } from '../../core/outcome-mark.ts'
import { isFinal, TASK_STATES, type Counters } from '../../core/record.ts'
import {
  endingsOf,
  happened,
  isApplied,
  requeuesOf,
  tokensOf,
  type Facts,
  type Life,
  type Settled,
} from './facts.ts'
import type { Violation } from './history.ts'
import { each } from './life-checks.ts'

interface Holding {
  readonly life: Life
  readonly invoked: number
  readonly returned: number
  readonly at: number
  readonly until: number
  readonly hold: number | null
}

/** One task per unique key: the next is created only when the one before has ended, or its time is over. */
export function unique({ lives, history }: Facts): Violation[] {
  const byKey = new Map<string, Holding[]>()
  for (const life of lives.values()) {
    for (const { task, reply, ...window } of life.enqueues) {
      if (task.unique === null || reply?.outcome !== 'created') continue
      const list = byKey.get(task.unique.key) ?? []
      byKey.set(task.unique.key, list)
      list.push({ life, ...window, hold: task.unique.for })
    }
  }
  return [...byKey].flatMap(([key, list]) => {
    const sorted = list.toSorted((a, b) => a.invoked - b.invoked)
    return sorted.flatMap((next, i) =>
      sorted.slice(0, i).flatMap((before) => {
        if (before.life === next.life) return []
        const over =
          mayFollow(before, next, history.clockWentBack) ||
          // Both were under way at once: either may have been the first.
          (next.invoked < before.returned && mayFollow(next, before, history.clockWentBack))
        const says = `it was created while ${before.life.id} held the key ${JSON.stringify(key)}`
        return over ? [] : [{ check: '', id: next.life.id, says }]
      }),
    )
  })
}

/** May `next` have been created after `before` gave the key back? */
function mayFollow(before: Holding, next: Holding, clockWentBack: boolean): boolean {
  if (before.hold === null) return mayBeOver(before.life, before.invoked, next.invoked, next.returned)
  return clockWentBack || next.until >= before.at + before.hold || wasDeleted(before.life)
}

/** May the task have ended after it was last seen alive before `from`, and before `to`? */
function mayBeOver(life: Life, created: number, from: number, to: number): boolean {
  const signs = [...life.claims, ...requeuesOf(life).filter(({ reply }) => reply !== null)]
  const seen = Math.max(created, ...signs.flatMap((one) => (one.returned < from ? [one.invoked] : [])))
  const ends = [
    ...life.settles.filter((one) => happened(one) && one.reply?.status !== 'lost' && mayEnd(life, one)),
    ...life.actions.filter((one) => happened(one) && one.action.verb !== 'reprioritise'),
  ]
  const expires = life.enqueues.some(({ task }) => task.expires !== null)
  return expires || ends.some((one) => one.invoked < to && one.returned > seen)
}

/** Was it an end, or may it have been? What would go on ends too when a cancel was requested (CONTRACT rule 9). */
function mayEnd(life: Life, { settlement, reply }: Settled): boolean {
  if (isFinal(settlement.outcome.to)) return true
  if (reply?.state != null) return isFinal(reply.state)
  return life.actions.some((one) => one.action.verb === 'cancel' && happened(one))
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
  const statsWrong = stats.flatMap(({ queue, counts, estimated }) =>
    TASK_STATES.flatMap((state) => {
      if (estimated.includes(state)) return []
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

/** A running task that was told to stop does not run again by itself. */
export function cancelled({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const wishes = life.actions.filter(
      ({ action, reply }) => action.verb === 'cancel' && reply?.outcome === 'requested',
    )
    const claims = new Map(tokensOf(life).map((claim) => [claim.token, claim]))
    return life.settles.filter(isApplied).flatMap(({ settlement: { claim }, reply, invoked }) => {
      if (reply?.state == null || isFinal(reply.state)) return []
      const given = claims.get(claim)?.returned ?? Number.POSITIVE_INFINITY
      const wish = wishes.some((one) => one.invoked > given && one.returned < invoked)
      return wish ? [`${claim} was to be cancelled, and the task goes on`] : []
    })
  })
}
