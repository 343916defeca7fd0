// Checks of one task's life: nothing lost, invented, settled twice, taken by two, started anew after its end, and no
// trace of what was refused. Each answers violations and nothing else; names are those that tests and mutants use.

import { isFinal } from '../../core/record.ts'
import {
  endingsOf,
  happened,
  isApplied,
  requeuesOf,
  tokensOf,
  type Enqueued,
  type Facts,
  type Life,
} from './facts.ts'
import type { Violation } from './history.ts'

/** An acknowledged task is there at the end, unless it was deleted or purged. */
export function lost({ lives, history }: Facts): Violation[] {
  const purges = history.calls.some(
    (call) => call.verb === 'sweep' && (call.told === null || call.told.some(({ purged }) => purged > 0)),
  )
  return each(lives, (life) => {
    const told = life.enqueues.filter(
      ({ reply, task }) =>
        (reply?.outcome === 'created' || reply?.outcome === 'existing') && reply.id === task.id,
    )
    if (told.length === 0 || life.final !== null) return []
    const deleted = life.actions.some((one) => one.action.verb === 'delete' && happened(one))
    const ended = life.settles.some(happened) || life.actions.some(happened)
    return deleted || (purges && ended) ? [] : ['its enqueue was acknowledged, and it is gone']
  })
}

function mayExist({ status, reply, task }: Enqueued): boolean {
  if (status === 'not_applied') return false
  return (
    reply === null || ((reply.outcome === 'created' || reply.outcome === 'existing') && reply.id === task.id)
  )
}

function exists({ final, claims, runs }: Life): boolean {
  return final !== null || claims.length > 0 || runs.length > 0
}

/** Nothing exists that nobody asked for. */
export function invented({ lives }: Facts): Violation[] {
  return each(lives, (life) =>
    exists(life) && life.enqueues.length === 0 ? ['it exists, and nobody enqueued it'] : [],
  )
}

/** What was refused left no trace: no task of a refused enqueue, no ending of a refused settlement. */
export function trace({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const { enqueues, final } = life
    const says: string[] = []
    if (exists(life) && enqueues.length > 0 && !enqueues.some(mayExist))
      says.push('it exists, though every enqueue of it was refused')
    if (final !== null && isFinal(final.state) && !mayHaveEnded(life))
      says.push(`it is ${final.state}, and nothing that was not refused can have done it`)
    return says
  })
}

function mayHaveEnded({ settles, actions, enqueues, final }: Life): boolean {
  const cancelled = final?.state === 'cancelled'
  const byAct = actions.some(
    (one) => one.action.verb === 'cancel' && happened(one) && one.reply?.outcome !== 'not_found',
  )
  const byTime = cancelled && final.reason === 'expired' && enqueues.some(({ task }) => task.expires !== null)
  const bySettle = settles.some(
    (one) =>
      happened(one) &&
      one.reply?.status !== 'lost' &&
      (one.settlement.outcome.to === final?.state || (cancelled && byAct)),
  )
  return bySettle || byTime || (cancelled && byAct)
}

/** A token is settled once, and a task ends once unless an operator requeues it. */
export function settledTwice({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const applied = life.settles.filter(isApplied)
    const tokens = applied.map(({ settlement }) => settlement.claim)
    const twice = tokens.filter((token, i) => tokens.indexOf(token) !== i)
    const ends = applied.filter(({ reply }) => reply?.state != null && isFinal(reply.state))
    return [
      ...twice.map((token) => `token ${token} was settled twice`),
      ...(ends.length > 1 + requeuesOf(life).length ? [`it ended ${ends.length} times`] : []),
    ]
  })
}

/** A settlement under an old token, or under one that nobody was given, changes nothing. */
export function stale({ lives, asked }: Facts): Violation[] {
  return each(lives, (life) => {
    const tokens = tokensOf(life)
    return life.settles.filter(isApplied).flatMap(({ settlement: { claim }, invoked }) => {
      const dot = claim.lastIndexOf('.')
      if (!asked.has(claim.slice(0, dot))) return [`token ${claim} was settled and never claimed`]
      const attempt = Number(claim.slice(dot + 1))
      const newer = tokens.find((one) => one.task.attempt > attempt && one.returned < invoked)
      return newer === undefined ? [] : [`token ${claim} was settled after ${newer.token} had been given`]
    })
  })
}

/** The next claim comes after the ending of the one before: two valid claims never overlap. */
export function overlap({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const tokens = tokensOf(life)
    return tokens.flatMap((next, i) => {
      const before = tokens[i - 1]
      if (before === undefined) return []
      const ended = endingsOf(life, before.token).some(({ invoked }) => invoked < next.returned)
      return ended ? [] : [`${next.token} was given while ${before.token} was valid`]
    })
  })
}

/** Attempts rise: each claim has a number of its own, and none is above the one that is kept. */
export function attempts({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const tokens = tokensOf(life)
    const numbers = tokens.map(({ task }) => task.attempt)
    const says = tokens.flatMap(({ token, task }) =>
      token.endsWith(`.${task.attempt}`) ? [] : [`token ${token} names another attempt than ${task.attempt}`],
    )
    for (const [i, one] of tokens.entries()) {
      const before = tokens[i - 1]
      if (before === undefined) continue
      if (before.task.attempt === one.task.attempt) says.push(`attempt ${one.task.attempt} was given twice`)
      else if (one.returned < before.since)
        says.push(`attempt ${before.task.attempt} came after a higher one`)
    }
    const highest = Math.max(0, ...numbers)
    if (life.final !== null && life.final.attempt < highest)
      says.push(`attempt ${highest} was given and ${life.final.attempt} is kept`)
    return says
  })
}

/** What ended stays ended, unless an operator requeues it. */
export function resurrected({ lives }: Facts): Violation[] {
  return each(lives, (life) => {
    const requeues = requeuesOf(life)
    return life.settles.filter(isApplied).flatMap(({ reply, settlement, invoked, returned }) => {
      if (reply?.state == null || !isFinal(reply.state)) return []
      const again = life.claims.find(
        (claim) =>
          claim.since > returned &&
          !requeues.some((one) => one.invoked < claim.returned && one.returned > invoked),
      )
      return again === undefined ? [] : [`${again.token} was given after ${settlement.claim} had ended it`]
    })
  })
}

/** A success was run for: its handler started under that token before it was settled. */
export function ran({ lives, history }: Facts): Violation[] {
  if (history.runs.length === 0) return []
  return each(lives, (life) =>
    life.settles.filter(isApplied).flatMap(({ settlement: { claim, outcome }, returned }) => {
      const started = life.runs.some((run) => run.claim === claim && run.position < returned)
      return outcome.to !== 'succeeded' || started ? [] : [`token ${claim} succeeded and never ran`]
    }),
  )
}

/** Names the check by the caller's table; collects what `judge` says about each task. */
export function each(lives: Facts['lives'], judge: (life: Life) => string[]): Violation[] {
  return [...lives.values()].flatMap((life) => judge(life).map((says) => ({ check: '', id: life.id, says })))
}
