// Checks of those who use the store: who may declare death, how many handlers run at once, one outcome for each
// attempt, one firing for each tick. The store cannot enforce the first three; the checker must see them broken.

import { outcomeMark } from '../../core/outcome-mark.ts'
import type { Facts } from './facts.ts'
import type { CallOf, History, Violation } from './history.ts'
import { each } from './life-checks.ts'

/** Clocks may go apart by this much between two beats (CONTRACT rule 6). */
const SLACK = 2_000
const SHARE = 0.1
/** The observer's clock is not the worker's. */
const DRIFT = 1.01

/** Death by time is declared only after a whole lease of own beats, close together, with clocks that agree. */
export function entitled({ history }: Facts): Violation[] {
  const leases = leasesOf(history)
  return history.calls.flatMap((call) => {
    if (call.verb !== 'sweep') return []
    return call.asked.flatMap(({ declare, extend, session }) => {
      if (!declare || extend) return []
      const says = 'it may not declare anybody dead yet, and asked to'
      const lease = leases.get(session ?? '')
      if (session === null || lease === undefined) return [{ check: '', id: session ?? call.node, says }]
      const beats = beatsOf(history, call.node, session, call.invoked)
      return mayDeclare(beats, lease, call.sent) ? [] : [{ check: '', id: session, says }]
    })
  })
}

function leasesOf(history: History): Map<string, number> {
  const leases = new Map<string, number>()
  for (const call of history.calls)
    if (call.verb === 'startSession') for (const { id, lease } of call.asked) leases.set(id, lease)
  return leases
}

interface SeenBeat {
  readonly sent: number
  readonly heard: number
  readonly engine: number
}

/** The beats of a session that were answered before that position, latest first. */
function beatsOf(history: History, node: string, session: string, before: number): SeenBeat[] {
  const beats = history.calls.filter(
    (call): call is CallOf<'heartbeat'> =>
      call.verb === 'heartbeat' && call.node === node && call.returned < before && call.status === 'ok',
  )
  return beats
    .flatMap(({ asked, told, sent, heard }) =>
      asked.flatMap((beat, i) => {
        const reply = told?.[i]
        const own = beat.session === session && beat.renew && reply?.status === 'live'
        return own ? [{ sent, heard, engine: reply.now }] : []
      }),
    )
    .toSorted((a, b) => b.heard - a.heard)
}

function mayDeclare(beats: readonly SeenBeat[], lease: number, now: number): boolean {
  const [latest] = beats
  if (latest === undefined || now - latest.heard > (DRIFT * lease) / 2) return false
  let first = latest
  for (const beat of beats.slice(1)) {
    const gap = first.heard - beat.heard
    const engine = first.engine - beat.engine
    // The engine read its clock somewhere between sending and hearing.
    const apart = Math.max(0, engine - (first.heard - beat.sent), first.sent - beat.heard - engine)
    const over = gap > (DRIFT * lease) / 2 || apart > DRIFT * Math.max(SLACK, SHARE * gap)
    // It starts over when it notices, which may be before its next beat.
    if (over) return latest.heard - Math.max(beat.heard, first.heard - lease / 2) >= lease / DRIFT
    first = beat
  }
  return latest.heard - first.heard >= lease / DRIFT
}

/** No process runs more handlers at once than it said. */
export function slots({ history }: Facts): Violation[] {
  const most = new Map<string, number>()
  for (const call of history.calls)
    if (call.verb === 'startSession')
      for (const { concurrency } of call.asked) most.set(call.node, concurrency)
  const running = new Map<string, Set<string>>()
  return history.runs.flatMap(({ node, what, id, claim }) => {
    const mine = running.get(node) ?? new Set<string>()
    running.set(node, mine)
    if (what === 'end') mine.delete(`${id} ${claim}`)
    else mine.add(`${id} ${claim}`)
    const limit = most.get(node) ?? Number.POSITIVE_INFINITY
    return what === 'start' && mine.size > limit
      ? [{ check: '', id, says: `${node} runs ${mine.size} handlers at once, ${limit} are allowed` }]
      : []
  })
}

/** An attempt computes its outcome once and repeats it word for word (CONTRACT rule 8). */
export function oneOutcome({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const told = new Map<string, string>()
    return life.settles.flatMap(({ node, settlement: { claim, guard, outcome } }) => {
      // A task that seemed to have been claimed for nobody is no attempt's own ending.
      if (guard !== 'claim' || outcome.reason === 'unclaimed') return []
      const mark = outcomeMark(outcome)
      const before = told.get(`${node} ${claim}`) ?? mark
      told.set(`${node} ${claim}`, before)
      return before === mark ? [] : [`${node} settled ${claim} as ${before} and then as ${mark}`]
    })
  })
}

/** Each planned tick of one version of a schedule fires once. */
export function firedTwice({ history }: Facts): Violation[] {
  const fired = new Set<string>()
  return history.calls.flatMap((call) => {
    if (call.verb !== 'fire') return []
    return call.asked.flatMap(({ name, version, dueAt }, i) => {
      if (call.told?.[i]?.status !== 'fired') return []
      const tick = `${name} ${version} ${dueAt}`
      const again = fired.has(tick)
      fired.add(tick)
      return again ? [{ check: '', id: name, says: `its tick of ${dueAt} fired twice` }] : []
    })
  })
}
