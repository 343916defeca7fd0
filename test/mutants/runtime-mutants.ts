// Planted bugs of drivers and workers: what the store cannot prevent, so the simulation must see it.

import type { Clock } from '../../src/base/clock.ts'
import { decide } from '../../src/core/decide.ts'
import type { Engine } from '../../src/core/engine.ts'
import { appliedOf, WindlassError } from '../../src/core/errors.ts'
import type { Outcome } from '../../src/core/hot-verbs.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Mutant } from './mutant.ts'

const driver = (name: string, wrong: (engine: Engine) => Engine): Mutant => ({
  name,
  plant: { driver: wrong },
  killedBy: ['simulation'],
})

const runtime = (name: string, wrong: (engine: Engine, clock: Clock) => Engine): Mutant => ({
  name,
  plant: { runtime: wrong },
  killedBy: ['simulation'],
})

/** A call whose failure is taken for something else. */
async function instead<T>(call: Promise<T>, answer: (error: unknown) => T): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (appliedOf(error) !== 'unknown') throw error
    return answer(error)
  }
}

function notApplied(): never {
  throw new WindlassError('engine_busy', 'says that nothing happened', { applied: 'no' })
}

const editing = (engine: Engine, edit: (outcome: Outcome) => Outcome): Engine =>
  over(engine, {
    settle: (items, options) =>
      engine.settle(
        items.map((one) => ({ ...one, outcome: edit(one.outcome) })),
        options,
      ),
  })

/** All of this file. */
export const RUNTIME_MUTANTS: readonly Mutant[] = [
  driver('an enqueue in doubt is called not applied', (engine) =>
    over(engine, { enqueue: (tasks, options) => instead(engine.enqueue(tasks, options), notApplied) }),
  ),
  driver('a settlement in doubt is called not applied', (engine) =>
    over(engine, { settle: (items, options) => instead(engine.settle(items, options), notApplied) }),
  ),
  driver('an enqueue in doubt is called created', (engine) =>
    over(engine, {
      enqueue: (tasks, options) =>
        instead(engine.enqueue(tasks, options), () =>
          tasks.map(({ id }) => ({ outcome: 'created', id, state: 'ready' })),
        ),
    }),
  ),
  driver('a settlement in doubt is called applied', (engine) =>
    over(engine, {
      settle: (items, options) =>
        instead(engine.settle(items, options), () =>
          items.map(({ outcome }) => ({ status: 'applied', state: outcome.to, followUps: [] })),
        ),
    }),
  ),
  runtime('an outcome is computed anew for each try', (engine) => {
    let tries = 0
    return editing(engine, (outcome) =>
      outcome.to === 'scheduled' ? { ...outcome, delay: outcome.delay + ++tries } : outcome,
    )
  }),
  runtime('a sweeper declares death right after a blind time', (engine) =>
    over(engine, {
      sweep: (request) => engine.sweep({ ...request, declare: !request.extend && request.cursor === null }),
    }),
  ),
  runtime('a sweeper does not notice that the clock jumped', (engine, clock) =>
    over(engine, {
      // What it takes for engine time is its own.
      now: async () => clock.mono(),
      async heartbeat(beats) {
        const replies = await engine.heartbeat(beats)
        return replies.map((reply) => ({ ...reply, now: clock.mono() }))
      },
    }),
  ),
  runtime('a worker takes more than its free slots', (engine) =>
    over(engine, {
      claim: (requests) => engine.claim(requests.map((one) => ({ ...one, limit: one.limit + 1 }))),
    }),
  ),
  runtime('a task is retried once more than allowed', (engine) =>
    editing(engine, (outcome) =>
      outcome.reason === 'retries_exhausted'
        ? { ...outcome, kind: 'retry', to: 'scheduled', delay: 50 }
        : outcome,
    ),
  ),
  runtime('a poisoned task is not given up', (engine) =>
    editing(engine, (outcome) =>
      outcome.reason === 'poison' || outcome.reason === 'lost'
        ? { ...outcome, to: 'scheduled', delay: 50, reason: null }
        : outcome,
    ),
  ),
  runtime('a task is settled when it is claimed', (engine) =>
    over(engine, {
      async claim(requests) {
        const replies = await engine.claim(requests)
        const settlements = replies.flatMap(({ tasks }) =>
          tasks.map((task) => {
            const outcome = decide({ kind: 'returned', result: '{}', warnings: [] }, task, 0)
            const claim = task.claim ?? ''
            return { id: task.id, claim, guard: 'claim' as const, outcome, followUps: [], logs: [] }
          }),
        )
        await engine.settle(settlements).catch(() => undefined)
        return replies
      },
    }),
  ),
]
