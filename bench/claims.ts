// Figures of claims alone: beside a million rows that are none of their business, and behind many cancelled tasks. Each
// is taken in one go, since the rows are made once: every round compares with a small store at the same moment.

import type { Engine } from '../src/core/engine.ts'
import { WindlassError } from '../src/core/errors.ts'
import { mintToken } from '../src/core/ids.ts'
import { newSession, newTask } from '../src/testing/samples.ts'
import type { Figure } from './figures.ts'
import { LeftOut } from './left-out.ts'
import { fill, processAll, rate } from './scenarios.ts'
import { withEngine, type Subject } from './stores.ts'

const FEW = 10_000
const CLAIMED = 8_000
const BATCH = 100
const CLAIMS = 'claims per second, 100 at a time'
/** So short a measurement is made more often than others. */
const TIMES = 5

/** Engines of ours that are not part of this version are left out, not failed. */
async function onEngine<R>(
  subject: Subject,
  run: (engine: Engine, session: string, rest: () => Promise<void>) => Promise<R>,
): Promise<R> {
  try {
    return await withEngine(subject, async (engine, url) => {
      const session = newSession({ lease: 3_600_000 })
      await engine.startSession([session])
      return run(engine, session.id, async () => subject.rest?.(url))
    })
  } catch (error) {
    if (error instanceof WindlassError && error.code === 'engine_not_available')
      throw new LeftOut(error.message, { cause: error })
    throw error
  }
}

/** Tasks per second of claims alone, 100 at a time. */
async function claimRate(engine: Engine, session: string, count: number): Promise<number> {
  return rate(async () => {
    let claimed = 0
    while (claimed < count) {
      const claim = { session, claimId: mintToken(), queues: ['default'], limit: BATCH }
      const [reply] = await engine.claim([claim])
      if (reply === undefined || reply.tasks.length === 0)
        throw new Error(`only ${claimed} tasks were claimed`)
      claimed += reply.tasks.length
    }
    return claimed
  })
}

/** Claims beside so many ready, or finished, rows ÷ beside 10,000. */
export function besideRows(subject: Subject, what: 'ready' | 'finished'): Figure {
  return {
    name: `${subject.name}: claims beside many ${what} rows ÷ beside 10,000`,
    unit: '×',
    target: 0.9,
    floor: 0.8,
    measure: (ground) =>
      onEngine(subject, async (many, session, rest) => {
        await fill(many, ground.rows)
        if (what === 'finished') await processAll(many, session, 500)
        const ratios: number[] = []
        const times = ground.rounds === 1 ? 1 : TIMES
        for (let round = 0; round < times; round++) {
          const few = await besideFew(subject, what)
          if (what === 'finished') await fill(many, CLAIMED)
          await rest()
          const rate = await claimRate(many, session, Math.min(CLAIMED, ground.rows / times))
          ground.note(CLAIMS, `beside 10,000 ${what}`, few)
          ground.note(CLAIMS, `beside ${ground.rows} ${what}`, rate)
          ratios.push(rate / few)
        }
        return ratios
      }),
  }
}

function besideFew(subject: Subject, what: 'ready' | 'finished'): Promise<number> {
  return onEngine(subject, async (engine, session, rest) => {
    await fill(engine, FEW)
    if (what === 'finished') {
      await processAll(engine, session, 500)
      await fill(engine, CLAIMED)
    }
    await rest()
    return claimRate(engine, session, CLAIMED)
  })
}

/** p99 of a claim after so many cancels at the head of the queue ÷ without them. */
export function behindCancels(subject: Subject): Figure {
  return {
    name: `${subject.name}: p99 of a claim after many cancels at the head ÷ without`,
    unit: '×',
    less: true,
    target: 3,
    floor: 10,
    measure: async ({ cancels, take }) => {
      const what = 'p99 of a claim in ms'
      const plain = await take(what, 'nothing cancelled', () => slowestOfClaims(subject, 0))
      const behind = await take(what, `after ${cancels} cancels at the head`, () =>
        slowestOfClaims(subject, cancels),
      )
      return behind / plain
    },
  }
}

function slowestOfClaims(subject: Subject, cancels: number): Promise<number> {
  return onEngine(subject, async (engine, session) => {
    for (let left = cancels; left > 0; left -= 1_000) {
      const batch = Array.from({ length: Math.min(left, 1_000) }, () => newTask({ minted: true }))
      await engine.enqueue(batch)
      await engine.records.act(batch.map(({ id }) => ({ verb: 'cancel', id })))
    }
    await fill(engine, 2_000)
    const times: number[] = []
    for (let i = 0; i < 1_000; i++) {
      const since = performance.now()
      await engine.claim([{ session, claimId: mintToken(), queues: ['default'], limit: 1 }])
      times.push(performance.now() - since)
    }
    return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * 0.99)] ?? 0
  })
}
