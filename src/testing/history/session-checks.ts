// Checks of sessions: death is one irrevocable step, nobody is rescued alive, and a claim belongs to a living session.

import { tokensOf, isApplied, type Facts } from './facts.ts'
import type { Call, Violation } from './history.ts'

interface Death {
  /** When somebody may first have ended or declared it; Infinity: nobody. */
  possible: number
  /** When somebody was first told that it is dead; Infinity: nobody. */
  told: number
}

function deathsOf({ history }: Facts): Map<string, Death> {
  const deaths = new Map<string, Death>()
  const die = (id: string, possible: number, told: number): void => {
    const known = deaths.get(id) ?? { possible: Number.POSITIVE_INFINITY, told: Number.POSITIVE_INFINITY }
    deaths.set(id, { possible: Math.min(known.possible, possible), told: Math.min(known.told, told) })
  }
  const started = new Set(
    history.calls.flatMap((call) => (call.verb === 'startSession' ? call.asked.map(({ id }) => id) : [])),
  )
  for (const call of history.calls) {
    if (call.status === 'not_applied') continue
    if (call.verb === 'endSession') {
      for (const [i, { session }] of call.asked.entries())
        die(session, call.invoked, call.told?.[i] === 'ended' ? call.returned : Number.POSITIVE_INFINITY)
    } else if (call.verb === 'sweep') {
      noteSweep(call, started, die)
    }
  }
  return deaths
}

function noteSweep(
  call: Extract<Call, { verb: 'sweep' }>,
  started: ReadonlySet<string>,
  die: (id: string, possible: number, told: number) => void,
): void {
  for (const reply of call.told ?? []) {
    for (const id of reply.declaredDead) die(id, call.invoked, call.returned)
    // The declaration itself may have been told in an answer that was lost.
    for (const { task } of reply.orphans) die(task.session ?? '', call.invoked, call.returned)
  }
  // Its answer was lost: it may have declared anybody dead.
  if (call.told === null && call.asked.some(({ declare, extend }) => declare && !extend))
    for (const id of started) die(id, call.invoked, Number.POSITIVE_INFINITY)
}

/** A dead session never lives again: no beat is answered `live`, no claim is given. */
export function revived(facts: Facts): Violation[] {
  const deaths = deathsOf(facts)
  const told = (session: string): number => deaths.get(session)?.told ?? Number.POSITIVE_INFINITY
  return facts.history.calls.flatMap((call) => {
    if (call.verb === 'heartbeat') {
      return call.asked.flatMap(({ session }, i) =>
        call.told?.[i]?.status === 'live' && told(session) < call.invoked
          ? [{ check: '', id: session, says: 'a heartbeat was answered after its death was told' }]
          : [],
      )
    }
    if (call.verb !== 'claim') return []
    return call.asked.flatMap(({ session }, i) =>
      call.told?.[i]?.live === true && told(session) < call.invoked
        ? [{ check: '', id: session, says: 'it was given tasks after its death was told' }]
        : [],
    )
  })
}

/** A rescue is applied only when the session of the claim may be dead. */
export function rescuedAlive(facts: Facts): Violation[] {
  const deaths = deathsOf(facts)
  const started = new Set(
    facts.history.calls.flatMap((call) =>
      call.verb === 'startSession' && call.status !== 'not_applied' ? call.asked.map(({ id }) => id) : [],
    ),
  )
  return [...facts.lives.values()].flatMap((life) => {
    const owners = new Map(tokensOf(life).map(({ token, request }) => [token, request.session]))
    return life.settles.filter(isApplied).flatMap(({ settlement: { guard, claim }, returned }) => {
      const session = owners.get(claim)
      if (guard !== 'rescue' || session === undefined || !started.has(session)) return []
      const dead = (deaths.get(session)?.possible ?? Number.POSITIVE_INFINITY) < returned
      return dead ? [] : [{ check: '', id: life.id, says: `${claim} was rescued from a living session` }]
    })
  })
}
