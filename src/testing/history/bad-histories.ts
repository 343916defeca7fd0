// Hand-made histories: for each check one that only it rejects, and beside it the nearest one that is good.
// The difference between the two is the promise of the check, so the pairs are kept as close as can be.

import { outcomes } from '../samples.ts'
import type { CheckName } from './checker.ts'
import { Story } from './story.ts'

export interface Pair {
  readonly check: CheckName
  readonly about: string
  readonly bad: Story
  readonly good: Story
}

const begun = (...ids: readonly string[]): Story => {
  const story = new Story().start('s1')
  for (const id of ids) story.enqueue({ id })
  return story
}

/** One task that ran and succeeded. */
const done = (): Story =>
  begun('a')
    .claim('s1', 'c1', [{ id: 'a' }])
    .succeed('a', 'c1.1')

/** Its first attempt failed and waits for a minute. */
const failed = (): Story =>
  begun('a')
    .claim('s1', 'c1', [{ id: 'a' }])
    .settle('a', 'c1.1', outcomes.retry(60_000))

const DEAD = { failures: 1, attempt: 2 }

const keyed = (hold: number | null): Story =>
  new Story().start('s1').enqueue({ id: 'a', unique: { key: 'k', for: hold } })

export const PAIRS: readonly Pair[] = [
  {
    check: 'lost',
    about: 'an acknowledged task is gone',
    bad: done(),
    good: done().act({ verb: 'delete', id: 'a' }),
  },
  {
    check: 'lost',
    about: 'an enqueue in doubt may be absent',
    bad: new Story().enqueue({ id: 'a' }, 'unknown').enqueue({ id: 'a' }, 'existing'),
    good: new Story().enqueue({ id: 'a' }, 'unknown'),
  },
  {
    check: 'invented',
    about: 'a task that nobody enqueued',
    bad: begun().ends('a', 'ready', { attempt: 0 }),
    good: new Story().enqueue({ id: 'a' }, 'unknown').ends('a', 'ready', { attempt: 0 }),
  },
  {
    check: 'trace',
    about: 'a refused enqueue left a task',
    bad: new Story().enqueue({ id: 'a' }, 'not_applied').ends('a', 'ready', { attempt: 0 }),
    good: new Story().enqueue({ id: 'a' }, 'not_applied'),
  },
  {
    check: 'trace',
    about: 'a refused settlement ended a task',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.cancel(), 'not_applied')
      .ends('a', 'cancelled'),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.cancel(), 'unknown')
      .ends('a', 'cancelled'),
  },
  {
    check: 'settledTwice',
    about: 'one token, two endings',
    bad: failed()
      .settle('a', 'c1.1', outcomes.retry(60_000))
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
    good: failed()
      .settle('a', 'c1.1', outcomes.retry(60_000), 'already')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
  },
  {
    check: 'stale',
    about: 'a settlement after the next claim',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { attempt: 2, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .settle('a', 'c1.1', outcomes.release(), 'already')
      .ends('a', 'ready', { attempt: 2, releases: 1 }),
  },
  {
    check: 'stale',
    about: 'a token that was never asked for',
    bad: begun('a').settle('a', 'c9.1', outcomes.release()).ends('a', 'ready', { releases: 1 }),
    good: begun('a')
      .claim('s1', 'c9', [{ id: 'a' }])
      .settle('a', 'c9.1', outcomes.release())
      .ends('a', 'ready', { releases: 1 }),
  },
  {
    check: 'overlap',
    about: 'a second claim while the first is valid',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .succeed('a', 'c2.2')
      .ends('a', 'succeeded', { attempt: 2 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release(), 'unknown')
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .succeed('a', 'c2.2')
      .ends('a', 'succeeded', { attempt: 2, releases: 1 }),
  },
  {
    check: 'attempts',
    about: 'a number is given twice',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .claim('s1', 'c2', [{ id: 'a', attempt: 1 }])
      .ends('a', 'running', { attempt: 1, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .claim('s1', 'c2', [{ id: 'a', attempt: 3 }])
      .ends('a', 'running', { attempt: 3, releases: 1 }),
  },
  {
    check: 'resurrected',
    about: 'a claim after the end',
    bad: done()
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', { attempt: 2 }),
    good: done()
      .act({ verb: 'requeue', id: 'a' })
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', { attempt: 2 }),
  },
  {
    check: 'ran',
    about: 'a success of a task that never ran',
    bad: done()
      .enqueue({ id: 'b' })
      .claim('s1', 'c2', [{ id: 'b' }], { idle: true })
      .succeed('b', 'c2.1')
      .ends('a', 'succeeded')
      .ends('b', 'succeeded'),
    good: done()
      .enqueue({ id: 'b' })
      .claim('s1', 'c2', [{ id: 'b' }], { idle: true })
      .settle('b', 'c2.1', outcomes.release())
      .ends('a', 'succeeded')
      .ends('b', 'ready', { releases: 1 }),
  },
  {
    check: 'early',
    about: 'a delayed task before its time',
    bad: new Story()
      .enqueue({ id: 'a', due: { after: 5_000 } })
      .pass(4_999)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
    good: new Story()
      .enqueue({ id: 'a', due: { after: 5_000 } })
      .pass(5_000)
      .claim('s1', 'c1', [{ id: 'a' }])
      .ends('a', 'running'),
  },
  {
    check: 'early',
    about: 'a retry before its wait is over',
    bad: failed()
      .pass(59_999)
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', DEAD),
    good: failed()
      .pass(60_000)
      .claim('s1', 'c2', [{ id: 'a', attempt: 2 }])
      .ends('a', 'running', DEAD),
  },
  {
    check: 'order',
    about: 'a lower priority first',
    bad: begun('a', 'b')
      .claim('s1', 'c1', [
        { id: 'a', place: 2 },
        { id: 'b', place: 1 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
    good: begun('a', 'b')
      .claim('s1', 'c1', [
        { id: 'a', place: 2, priority: 5 },
        { id: 'b', place: 1 },
      ])
      .ends('a', 'running')
      .ends('b', 'running'),
  },
  {
    check: 'order',
    about: 'a better task left behind',
    bad: new Story()
      .enqueue({ id: 'a', priority: 5 })
      .enqueue({ id: 'b' })
      .claim('s1', 'c1', [{ id: 'b', place: 2 }])
      .claim('s1', 'c2', [{ id: 'a', place: 1 }])
      .ends('a', 'running')
      .ends('b', 'running'),
    good: new Story()
      .enqueue({ id: 'b' })
      .enqueue({ id: 'a', priority: 5 }, 'unknown')
      .claim('s1', 'c1', [{ id: 'b', place: 2 }])
      .claim('s1', 'c2', [{ id: 'a', place: 1 }])
      .ends('a', 'running')
      .ends('b', 'running'),
  },
  {
    check: 'order',
    about: 'slots free and a ready task left behind',
    bad: begun('a', 'b')
      .claim('s1', 'c1', [{ id: 'a' }], { limit: 2 })
      .ends('a', 'running')
      .ends('b', 'ready', { attempt: 0, place: 2 }),
    good: begun('a', 'b')
      .claim('s1', 'c1', [{ id: 'a' }], { limit: 1 })
      .ends('a', 'running')
      .ends('b', 'ready', { attempt: 0, place: 2 }),
  },
  {
    check: 'unique',
    about: 'two tasks under one key',
    bad: keyed(null)
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'ready', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
    good: keyed(null)
      .act({ verb: 'cancel', id: 'a' })
      .enqueue({ id: 'b', unique: { key: 'k', for: null } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
  },
  {
    check: 'unique',
    about: 'a key is freed before its time',
    bad: keyed(1_000)
      .act({ verb: 'cancel', id: 'a' })
      .pass(999)
      .enqueue({ id: 'b', unique: { key: 'k', for: 1_000 } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
    good: keyed(1_000)
      .act({ verb: 'cancel', id: 'a' })
      .pass(1_000)
      .enqueue({ id: 'b', unique: { key: 'k', for: 1_000 } })
      .ends('a', 'cancelled', { attempt: 0 })
      .ends('b', 'ready', { attempt: 0 }),
  },
  {
    check: 'counters',
    about: 'a release counts as a failure',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { failures: 1, releases: 1 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.release())
      .ends('a', 'ready', { releases: 1 }),
  },
  {
    check: 'counters',
    about: 'statistics differ from a recount',
    bad: begun('a').ends('a', 'ready', { attempt: 0 }).counts('default', { ready: 2 }),
    good: begun('a').ends('a', 'ready', { attempt: 0 }).counts('default', { ready: 1 }),
  },
  {
    check: 'bytes',
    about: 'a payload changed on its way',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a', payload: '{"n": 1}' }])
      .ends('a', 'running'),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a', payload: '{"n":1}' }])
      .ends('a', 'running'),
  },
  {
    check: 'bytes',
    about: 'a result that nobody settled',
    bad: done().ends('a', 'succeeded', { result: '2' }),
    good: done().ends('a', 'succeeded', { result: '1' }),
  },
  {
    check: 'already',
    about: 'another outcome is called the same',
    bad: failed()
      .settle('a', 'c1.1', outcomes.retry(1), 'already')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
    good: failed()
      .settle('a', 'c1.1', outcomes.retry(1), 'lost')
      .ends('a', 'scheduled', { failures: 1, runAt: 9e9 }),
  },
  {
    check: 'liveness',
    about: 'a task still waits when all is healed',
    bad: begun('a').heal().ends('a', 'ready', { attempt: 0 }),
    good: begun('a').heal().ends('a', 'scheduled', { attempt: 0, runAt: 9e9 }),
  },
  {
    check: 'revived',
    about: 'a heartbeat revives the dead',
    bad: begun().end('s1').beat('s1', 'live'),
    good: begun().end('s1').beat('s1', 'gone'),
  },
  {
    check: 'revived',
    about: 'the dead are given tasks',
    bad: begun()
      .sweep({ declaredDead: ['s1'] })
      .claim('s1', 'c1', [], { live: true }),
    good: begun()
      .sweep({ declaredDead: ['s1'] })
      .claim('s1', 'c1', [], { live: false }),
  },
  {
    check: 'rescuedAlive',
    about: 'a task is taken from a living session',
    bad: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .settle('a', 'c1.1', outcomes.loss(), 'applied', { guard: 'rescue' })
      .ends('a', 'scheduled', { losses: 1, runAt: 9e9 }),
    good: begun('a')
      .claim('s1', 'c1', [{ id: 'a' }])
      .end('s1')
      .settle('a', 'c1.1', outcomes.loss(), 'applied', { guard: 'rescue' })
      .ends('a', 'scheduled', { losses: 1, runAt: 9e9 }),
  },
]
